// Promise: every item settles exactly once, in order, in batches that never exceed the bounds.
// Method: random arrivals, bounds and failing runs.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Batcher } from './batcher.js';

const FAR_MS = Number.MAX_SAFE_INTEGER;

test('every item settles exactly once, first in first out, within the bounds', async () => {
  const item = fc.record({ bytes: fc.integer({ min: 0, max: 5 }), expired: fc.boolean() });
  const step = fc.oneof(
    { weight: 4, arbitrary: item },
    { weight: 1, arbitrary: fc.array(item, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant('turn' as const) },
  );
  const bounds = fc.record({
    itemsMax: fc.integer({ min: 1, max: 4 }),
    bytesMax: fc.integer({ min: 5, max: 9 }),
    queueMax: fc.integer({ min: 1, max: 12 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    failEvery: fc.integer({ min: 2, max: 5 }),
  });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), bounds, async (steps, o) => {
    const batches: { n: number; bytes: number }[][] = [];
    let running = 0;
    const batcher = new Batcher<{ n: number; bytes: number }, number>({
      name: 'property',
      ...o,
      sizeOf: ({ bytes }) => bytes,
      ageMsMax: 60_000,
      run: async (items) => {
        batches.push(items);
        running += 1;
        expect(running).toBeLessThanOrEqual(o.concurrency);
        await nextTurn();
        running -= 1;
        if (batches.length % o.failEvery === 0) throw new Error('failed');
        return items.map(({ n }) => n);
      },
    });
    const settled: string[][] = [];
    const together: Promise<void>[] = [];
    for (const one of steps) {
      if (one === 'turn') {
        await nextTurn();
        continue;
      }
      if (Array.isArray(one)) {
        const many = one.map(({ bytes }) => ({ n: settled.push([]) - 1, bytes }));
        const deadlineMs = one.some(({ expired }) => expired) ? 0 : FAR_MS;
        const all = async () => {
          const results = await batcher.addAll(many, deadlineMs);
          expect(results).toHaveLength(many.length);
          many.forEach(({ n }, i) => {
            const nothing = results[i] === undefined;
            settled[n]?.push(
              nothing ? 'nothing' : results[i] === n ? 'own result' : 'wrong result',
            );
          });
        };
        together.push(all());
        continue;
      }
      const events: string[] = [];
      const n = settled.push(events) - 1;
      const deadlineMs = one.expired ? 0 : FAR_MS;
      batcher.add({ n, bytes: one.bytes }, deadlineMs).then(
        (result) => events.push(result === n ? 'own result' : 'wrong result'),
        (error: Error) => events.push(error.message === 'failed' ? 'failed' : error.name),
      );
    }
    await batcher.stop();
    await Promise.all(together);
    await nextTurn();

    const started = batches.flat().map(({ n }) => n);
    expect(started).toEqual([...started].sort((a, b) => a - b));
    expect(new Set(started).size).toBe(started.length);
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(o.itemsMax);
      expect(batch.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(o.bytesMax);
    }
    for (const [n, events] of settled.entries()) {
      expect(events).toHaveLength(1);
      expect(events[0]).not.toBe('wrong result');
      // One of many hears the same of a failed run as of a refusal.
      if (events[0] === 'nothing') continue;
      const wasStarted = events[0] === 'own result' || events[0] === 'failed';
      expect(started.includes(n)).toBe(wasStarted);
    }
    expect(batcher.stats.refused).toBe(settled.length - started.length);
  });
  await fc.assert(property, { numRuns: 150 });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
