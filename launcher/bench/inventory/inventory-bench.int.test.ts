// Promise: every measurement measures what it says. Method: inventory's benchmark in small, on real
// servers; a measurement none of whose calls did what it should fails by itself.
import { expect, jest, test } from '@jest/globals';
import { silent } from '../../steps.js';
import { runInventoryBench } from './run-inventory-bench.js';

jest.setTimeout(300_000);

const FIGURES = {
  per_second: expect.any(Number),
  per_second_spread: [expect.any(Number), expect.any(Number)],
  p50_ms: expect.any(Number),
  p99_ms: expect.any(Number),
};

test('measures every operation, the bytes and the growth', async () => {
  const result = await runInventoryBench(
    { command: 'bench', seconds: 0.2, rounds: 1, liveReservations: 2_000, growthRowsMax: 2_000 },
    silent,
  );
  const { redis_bytes: bytes, ...measured } = result.inventory;
  for (const [name, figures] of Object.entries(measured)) {
    expect([name, figures]).toEqual([name, expect.objectContaining(FIGURES)]);
    expect(figures.per_second).toBeGreaterThan(0);
  }
  expect(bytes.per_reservation).toBeGreaterThan(0);
  expect(bytes.per_reservation_with_user_limit).toBeGreaterThan(bytes.per_reservation);
  const levels = result.growth.map((level) => [level.skus, level.past_reservations]);
  expect(levels).toEqual([
    [1_000, 0],
    [2_000, 0],
    [2_000, 2_000],
  ]);
  expect(result.versions).toMatchObject({
    node: process.version,
    redis: expect.stringMatching(/^\d/),
    mysql: expect.stringMatching(/^\d/),
  });
});
