import { expect, test } from '@jest/globals';
import { type CallLine, callLine, parseJournalLine, shelfLine } from './journal-line.js';

const CALL: CallLine = {
  atMs: 1_795_190_000_123,
  protocol: 'grpc',
  operation: 'create',
  outcome: 'ACCEPTED',
  reason: '',
  ms: 12,
  requestId: 'l1-r7',
  orderId: '117296081686364160',
};

test.each<[string, CallLine]>([
  ['an accepted order', CALL],
  ['a refusal', { ...CALL, outcome: 'REFUSED', reason: 'SOLD_OUT', orderId: '' }],
  ['a failure of no reason of ours', { ...CALL, outcome: 'FAILED', reason: 'code=Unavailable' }],
  ['a look over HTTP', { ...CALL, protocol: 'http', outcome: 'DONE', requestId: '', orderId: '' }],
])('%s comes back as it was written', (_, call) => {
  expect(parseJournalLine(callLine(call))).toEqual({ kind: 'CALL', call });
});

test('so does a shelf', () => {
  const shelf = { skuId: 'l1-s0', units: 300 };
  expect(parseJournalLine(shelfLine(shelf))).toEqual({ kind: 'SHELF', shelf });
});

test.each([
  ['a warning of k6', 'Insufficient VUs, reached 30 active VUs and cannot initialize more'],
  ['nothing', ''],
  ['half a line', 'call 1795190000123 grpc create ACCEPT'],
  ['an outcome that nobody knows', callLine(CALL).replace('ACCEPTED', 'FINE')],
  ['a time that is none', callLine(CALL).replace('1795190000123', 'soon')],
])('%s is no line of the journal', (_, line) => {
  expect(parseJournalLine(line)).toBeUndefined();
});
