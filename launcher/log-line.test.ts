import { expect, test } from '@jest/globals';
import { readableLine } from './log-line.js';

const entry = (fields: object) =>
  JSON.stringify({
    level: 'warn',
    time: '2026-11-20T16:01:02.345Z',
    service: 'order',
    pid: 1,
    ...fields,
  });

test.each([
  [
    entry({ msg: 'stock is low', skuId: 'tea', available: 3 }),
    'WARN  stock is low skuId=tea available=3',
  ],
  [entry({ msg: 'started', level: 'info' }), 'INFO  started'],
  [entry({ msg: 'drifted', skuIds: ['a', 'b'] }), 'WARN  drifted skuIds=["a","b"]'],
])('%s', (line, told) => {
  expect(readableLine(line, false)).toBe(`16:01:02.345 ${told}`);
});

test('an error follows with its stack', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at x.ts:1' };
  expect(readableLine(entry({ msg: 'failed', err }), false)).toBe(
    '16:01:02.345 WARN  failed\n    Error: no\n        at x.ts:1',
  );
});

test('colours are for terminals', () => {
  expect(readableLine(entry({ msg: 'x' }), true)).toContain('\u001b[33mWARN \u001b[0m');
});

test.each(['2026-11-20 16:01 [Note] ready for connections', '{"half', '{"a":1}', ''])(
  '%j is left as it is',
  (line) => {
    expect(readableLine(line, true)).toBe(line);
  },
);
