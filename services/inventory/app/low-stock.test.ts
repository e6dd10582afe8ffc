// Promise: each fall below the threshold is told once, each end and each return of stock too, and a
// SKU that goes up and down all the time is a line a round.

import { expect, test } from '@jest/globals';
import { createLog } from '../../platform/log.js';
import type { StockChange } from '../domain/stock.js';
import { LowStock } from './low-stock.js';
import type { StockBook } from './ports.js';

/** Commits as `version: before>after`, `|` ends a round; below is 10. */
const CASES: Record<string, { commits: string; told: string[] }> = {
  'a fall is told once': { commits: '5: 12>9 | 6: 9>8 | 7: 8>1', told: ['low_stock 9'] },
  'back above, it is told again': {
    commits: '5: 12>9 | 6: 9>11 | 7: 11>9',
    told: ['low_stock 9', 'low_stock 9'],
  },
  'the threshold itself is not low': { commits: '5: 12>10', told: [] },
  'the end is told': { commits: '5: 2>0', told: ['sold_out'] },
  'from plenty to nothing is both': { commits: '5: 12>0', told: ['low_stock 0', 'sold_out'] },
  'a return is told': { commits: '5: 0>3 | 6: 3>2', told: ['stock_back 3'] },
  'a birth is no return': { commits: '1: 0>3', told: [] },
  'within a round the newest state counts': {
    commits: '5: 12>9, 6: 9>12, 7: 12>0, 8: 0>4',
    told: ['low_stock 4', 'stock_back 4'],
  },
  'commits may be told out of order': {
    commits: '6: 0>4, 5: 12>0',
    told: ['low_stock 4', 'stock_back 4'],
  },
  'a fall that is over is not told': { commits: '5: 12>9, 6: 9>12', told: [] },
  'what other processes saw fall is not told again': {
    commits: '5: 12>11, 7: 9>8 | 8: 8>7',
    told: [],
  },
};

test.each(Object.entries(CASES))('%s', (_, { commits, told }) => {
  expect(tellAll(commits, 10)).toEqual(told);
});

test('with a threshold of 0 only ends and returns are told', () => {
  expect(tellAll('5: 12>1 | 6: 1>0 | 7: 0>1', 0)).toEqual(['sold_out', 'stock_back 1']);
});

test('a low stock is a warning with its threshold, the others are information', () => {
  const { lines, commit, low } = open(10);
  commit('5: 12>0');
  low.tell();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      level: 'warn',
      event: 'low_stock',
      skuId: 'sku-1',
      available: 0,
      threshold: 10,
    }),
    expect.objectContaining({ level: 'info', event: 'sold_out', skuId: 'sku-1' }),
  ]);
});

test('a round has a bound', () => {
  const { lines, commit, low } = open(10);
  for (let i = 0; i < 11_000; i++) commit('5: 2>0', `sku-${i}`);
  low.tell();
  expect(lines).toHaveLength(10_000);
  low.tell();
  expect(lines).toHaveLength(10_000);
});

function tellAll(commits: string, below: number): string[] {
  const { lines, commit, low } = open(below);
  for (const round of commits.split('|')) {
    for (const one of round.split(',')) commit(one);
    low.tell();
  }
  return lines.map((line) => {
    const { event, available } = JSON.parse(line) as { event: string; available?: number };
    return available === undefined ? event : `${event} ${available}`;
  });
}

function open(below: number) {
  const lines: string[] = [];
  const log = createLog({ service: 'test', level: 'info' }, { write: (l) => void lines.push(l) });
  const listeners: ((changes: readonly StockChange[]) => void)[] = [];
  const book: Pick<StockBook, 'onChange'> = { onChange: (listener) => listeners.push(listener) };
  const low = new LowStock({ book, below, log });
  const commit = (text: string, skuId = 'sku-1') => {
    const [version = 0, availableBefore = 0, available = 0] = text.split(/[:>]/).map(Number);
    const row = { partition: 0, skuId, epoch: 1, version, available };
    const rest = { reserved: 0, sold: 0, total: available, availableBefore };
    for (const listener of listeners) listener([{ ...row, ...rest }]);
  };
  return { lines, commit, low };
}
