import { expect, test } from '@jest/globals';
import { counters } from '../../platform/telemetry/metrics.js';
import type { Refund } from '../domain/close.js';
import type { GateReply, Grant, Part, SettleResult } from '../domain/reservation.js';
import { countGivenBack, countReplies, countSettled } from './stock-meter.js';

const units = (move: string) => counters('spillway.gate.units').of(move).read();
const settled = () => counters('spillway.settle.units').of().read();

const part = (...quantities: number[]): Part => ({
  partition: 1,
  reservationId: 'r',
  orderId: 'o',
  userId: 'u',
  fingerprint: '',
  lines: quantities.map((quantity, i) => ({ skuId: `sku-${i}`, quantity, userLimit: 0 })),
});

test('only units that this very call took are granted', () => {
  const before = units('granted');
  const reply = { outcome: 'GRANTED', orderId: 'o', epochs: [1, 1] } as const;
  const replies: GateReply[] = [
    { ...reply, fresh: [true, false] },
    { ...reply, outcome: 'DUPLICATE', fresh: [false, false] },
    { outcome: 'SOLD_OUT', skuId: 'sku-0', available: 0, listed: true },
    { outcome: 'UNKNOWN' },
  ];
  countReplies([part(2, 5), part(7, 7), part(9), part(9)], replies);
  expect(units('granted') - before).toBe(2);
});

test('only refunds that the gate took are given back', () => {
  const before = units('given_back');
  const refund = (quantity: number): Refund => ({
    partition: 1,
    skuId: 's',
    reservationId: 'r',
    quantity,
    epoch: 1,
    buyerId: '',
    mark: '',
  });
  countGivenBack([refund(2), refund(4), refund(8)], ['REFUNDED', 'DUPLICATE', 'UNKNOWN']);
  expect(units('given_back') - before).toBe(2);
});

test('only new reservations are units that were given away', () => {
  const before = settled();
  const unknown = counters('spillway.settle.results').of('UNKNOWN');
  const unknownBefore = unknown.read();
  const grant: Grant = { ...part(3, 1), epochs: [1, 1], fresh: [true, true] };
  const results = [{ outcome: 'RESERVED', orderId: 'o' }, { outcome: 'SOLD_OUT' }, undefined];
  countSettled([grant, grant, grant], results as (SettleResult | undefined)[]);
  expect(settled() - before).toBe(4);
  expect(unknown.read() - unknownBefore).toBe(1);
});
