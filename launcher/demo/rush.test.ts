// What the answers to two copies of one request mean together.
import { expect, test } from '@jest/globals';
import { type Answer, recordAnswers } from './rush.js';
import type { Buyer, Copy } from './scenario.js';
import { Tally } from './tally.js';

const buyer = (copy: Copy): Buyer => ({
  number: 1,
  lines: [{ skuId: 't-hot', quantity: 1 }],
  hot: true,
  copy,
  intent: 'PAY',
});
const order = (orderId: string): Answer => ({ outcome: 'ORDER', orderId, paymentId: 'p' });
const soldOut: Answer = { outcome: 'REFUSED', reason: 'SOLD_OUT' };
const failed: Answer = { outcome: 'FAILED' };

const counted = (tally: Tally) => ({
  placed: tally.placed.length,
  soldOut: tally.soldOut,
  failed: tally.failed,
  answered: tally.duplicatesAnswered,
  unequal: tally.duplicatesUnequal,
  refused: tally.duplicatesRefused,
});
const nothing = { placed: 0, soldOut: 0, failed: 0, answered: 0, unequal: 0, refused: 0 };

test.each<[string, Copy, Answer[], Partial<typeof nothing>]>([
  ['one order', 'NONE', [order('1')], { placed: 1 }],
  ['sold out', 'NONE', [soldOut], { soldOut: 1 }],
  ['no answer', 'NONE', [failed], { failed: 1 }],
  ['the same order twice', 'AFTER', [order('1'), order('1')], { placed: 1, answered: 1 }],
  ['two orders', 'TOGETHER', [order('1'), order('2')], { placed: 1, unequal: 1 }],
  ['sold out twice counts one buyer', 'AFTER', [soldOut, soldOut], { soldOut: 1 }],
  ['sold out, then a unit came back', 'AFTER', [soldOut, order('1')], { placed: 1 }],
  ['refused after it had an order', 'AFTER', [order('1'), soldOut], { placed: 1, refused: 1 }],
  ['racing copies, one refused', 'TOGETHER', [order('1'), soldOut], { placed: 1 }],
  ['one copy without an answer', 'TOGETHER', [order('1'), failed], { placed: 1 }],
  ['refused, but a copy is open', 'TOGETHER', [soldOut, failed], { failed: 1 }],
])('%s', (_what, copy, answers, expected) => {
  const tally = new Tally();
  recordAnswers(tally, buyer(copy), answers);
  expect(counted(tally)).toEqual({ ...nothing, ...expected });
});
