// What the auditor tells of the two sides: units that differ while nobody moves them, the drift that it
// then repairs, and by which cause a SKU was loaded anew.

import { expect, test } from '@jest/globals';
import { counters, gauges } from '../../platform/telemetry/metrics.js';
import { openAudited } from './auditor.fixture.js';

const difference = () => gauges('spillway.gate.difference').of().read();
const drifts = () => counters('spillway.stock.drifts').of().read();
const repairs = () => counters('spillway.stock.rebases').of('drift').read();

test('a lost unit is a difference first, then a drift, then nothing', async () => {
  const { buy, takeAndDie, look } = await openAudited({ 'sku-1': 5 });
  const [driftsBefore, repairsBefore] = [drifts(), repairs()];
  await buy('sku-1', 'r1');
  await look();
  expect(difference()).toBe(0);
  await buy('sku-1', 'r2');
  await takeAndDie('sku-1', 'lost');
  await look();
  expect([difference(), drifts() - driftsBefore]).toEqual([1, 0]);
  await look();
  expect([drifts() - driftsBefore, repairs() - repairsBefore]).toEqual([1, 1]);
  await look();
  expect([difference(), drifts() - driftsBefore]).toEqual([0, 1]);
});

test('what is in flight is told, and is no difference', async () => {
  const { book, buy, clock, look } = await openAudited({ 'sku-1': 5 });
  const inFlight = () => gauges('spillway.gate.in_flight').of().read();
  const before = inFlight() ?? 0;
  book.settleMs = 4_500;
  const bought = buy('sku-1', 'r1');
  await look();
  expect([inFlight(), difference()]).toEqual([before + 1, 0]);
  await clock.advance(10_000);
  await bought;
  expect(inFlight()).toBe(before);
});
