import { expect, test } from '@jest/globals';
import { mergeNewest } from './list-by-state.js';

const rows = (...ids: number[]) => ids.map((id) => ({ order_id: String(id) }));
const merged = (lists: number[][], limit: number) =>
  mergeNewest(
    lists.map((ids) => rows(...ids)),
    limit,
  ).map((row) => Number(row.order_id));

test.each([
  ['nothing', [], 5, []],
  ['empty pages', [[], []], 5, []],
  ['one page', [[9, 3, 1]], 2, [9, 3]],
  ['pages in turn', [[9, 5], [8, 4], [7]], 5, [9, 8, 7, 5, 4]],
  ['one page newer than all the others', [[3, 2], [9, 8, 7], [1]], 4, [9, 8, 7, 3]],
  ['fewer than wanted', [[2], [1]], 9, [2, 1]],
  // As text, 10 comes before 9.
  ['ids of different length', [[10], [9]], 2, [10, 9]],
])('%s', (_, lists, limit, expected) => {
  expect(merged(lists, limit)).toEqual(expected);
});

test('ids beyond 2^53 are told apart', () => {
  const [big, bigger] = ['9007199254740992', '9007199254740993'];
  const lists = [[{ order_id: big }], [{ order_id: bigger }]];
  expect(mergeNewest(lists, 2).map((row) => row.order_id)).toEqual([bigger, big]);
});
