// Promise: an effect is done, tried again, or parked for a person with a reason; one that fails does
// not hide its neighbours.
// Method: every answer of the neighbours against every effect.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { type EffectKind, payloadOf } from '../domain/effects.js';
import { orderIn } from '../domain/orders.fixture.js';
import { orderKeys } from '../infra/order-keys.js';
import { effectHandlers } from './deliver-effects.js';
import type { Payments, Stock } from './ports.js';

const order = orderIn('PAID');
const keys = orderKeys({ next: () => 1n });

function event(kind: EffectKind, aggregateId = order.orderId.toString()) {
  return { shard: 1, aggregateId, version: 2, kind, payload: payloadOf(kind, order) };
}

function handlersThatAnswer(answers: string[], asked: string[]) {
  const answer = (verb: string) => async (of: { orderId: string }) => {
    asked.push(`${verb} ${of.orderId}`);
    const next = answers.shift();
    if (next === 'throws') throw new Error('gone');
    return (next?.startsWith('refused') ? { refused: next } : next) as never;
  };
  const [confirm, release, giveBack] = ['confirm', 'release', 'giveBack'].map(answer);
  const stock = { confirm, release, giveBack } as unknown as Stock;
  const payments = { intend: answer('intend'), refund: answer('refund') } as unknown as Payments;
  return effectHandlers({ stock, payments, keys, clock: new ManualClock(), deliverMsMax: 100 });
}

test.each<[EffectKind, string, string]>([
  // effect, what the neighbour answers, what becomes of it
  ['order.created', 'CREATED', 'DONE'],
  ['order.created', 'UNKNOWN', 'RETRY'],
  ['order.created', 'REUSED', 'park'],
  ['order.paid', 'DONE', 'DONE'],
  ['order.paid', 'UNKNOWN', 'RETRY'],
  ['order.paid', 'throws', 'RETRY'],
  ['order.paid', 'RESERVATION_CLOSED', 'park'],
  ['order.paid', 'RESERVATION_UNKNOWN', 'park'],
  ['stock.release', 'DONE', 'DONE'],
  ['stock.release', 'UNKNOWN', 'RETRY'],
  ['stock.release', 'RESERVATION_CONFIRMED', 'park'],
  ['stock.return', 'DONE DONE', 'DONE'],
  ['stock.return', 'UNKNOWN', 'RETRY'],
  ['stock.return', 'DONE UNKNOWN', 'RETRY'],
  ['stock.return', 'RESERVATION_CLOSED RESERVATION_CLOSED', 'park'],
  ['payment.refund', 'DONE', 'DONE'],
  ['payment.refund', 'UNKNOWN', 'RETRY'],
  ['payment.refund', 'refused', 'park'],
])('%s, answered %s: %s', async (kind, answers, wanted) => {
  const handlers = handlersThatAnswer(answers.split(' '), []);
  const [delivery] = await handlers[kind]([event(kind)]);
  expect(typeof delivery === 'string' ? delivery : 'park').toBe(wanted);
  if (typeof delivery === 'object') expect(delivery.park.length).toBeGreaterThan(20);
});

test('each event of a batch has its own delivery', async () => {
  const asked: string[] = [];
  const handlers = handlersThatAnswer(['DONE', 'throws', 'RESERVATION_CLOSED'], asked);
  const events = ['1', '2', '3'].map((id) => event('order.paid', id));
  const deliveries = await handlers['order.paid'](events);
  expect(deliveries.map((each) => (typeof each === 'string' ? each : 'park'))).toEqual([
    'DONE',
    'RETRY',
    'park',
  ]);
  expect(asked).toEqual(['confirm 1', 'confirm 2', 'confirm 3']);
});
