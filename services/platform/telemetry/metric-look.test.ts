import { expect, test } from '@jest/globals';
import { ManualClock } from '../clock.js';
import { createLog } from '../log.js';
import { startLook } from './metric-look.js';
import { gauges } from './metrics.js';

const log = createLog({ service: 'test', level: 'silent' });

function looking(took: number[]) {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const lookedMs: number[] = [];
  const name = `test-${Math.random()}`;
  const run = async () => {
    lookedMs.push(clock.nowMs() - startMs);
    const ms = took[Math.min(lookedMs.length, took.length) - 1] ?? 0;
    if (ms < 0) throw new Error('the store is away');
    await clock.sleep(ms);
  };
  const loop = startLook({ name, run }, { clock, log });
  const age = () => gauges('spillway.look.age').of(name).read();
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      for (let turn = 0; turn < 5; turn++) await clock.advance(0);
      await clock.advance(1_000);
    }
  };
  return { loop, lookedMs, age, pass };
}

test('a quick look is repeated every five seconds', async () => {
  const { loop, lookedMs, pass } = looking([0]);
  await pass(16);
  expect(lookedMs).toEqual([0, 5_000, 10_000, 15_000]);
  await loop.stop();
});

test('a look that costs a second rests for twenty', async () => {
  const { loop, lookedMs, pass } = looking([1_000, 0]);
  await pass(24);
  expect(lookedMs).toEqual([0, 21_000]);
  await loop.stop();
});

test('what it tells grows old while it fails', async () => {
  const { loop, age, pass } = looking([0, -1]);
  await pass(4);
  expect(age()).toBe(4);
  await pass(8);
  expect(age()).toBe(12);
  await loop.stop();
});
