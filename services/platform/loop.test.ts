import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from './clock.js';
import { Loop } from './loop.js';

type Step = 'MORE' | 'IDLE' | 'THROW';

// Runs the steps one after the other (the last one repeats) and records when each was run.
function looping(steps: Step[], restFirst = false) {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const ranMs: number[] = [];
  const lines: string[] = [];
  const loop = new Loop({
    name: 'test',
    intervalMs: 100,
    restFirst,
    errorDelayMs: 1_000,
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    clock,
    run: async () => {
      const step = steps[Math.min(ranMs.length, steps.length - 1)];
      ranMs.push(clock.nowMs() - startMs);
      if (step === 'THROW') throw new Error('broken');
      return step ?? 'IDLE';
    },
  });
  return { clock, loop, ranMs, lines };
}

describe('when the loop runs', () => {
  const cases: [string, Step[], number[]][] = [
    ['idle: once per interval', ['IDLE'], [0, 100, 200]],
    ['more: at once', ['MORE', 'MORE', 'IDLE'], [0, 0, 0, 100, 200]],
    ['after an error: once per errorDelay', ['IDLE', 'THROW', 'IDLE'], [0, 100]],
  ];
  test.each(cases)('%s', async (_, steps, expectedMs) => {
    const { clock, loop, ranMs } = looping(steps);
    loop.start();
    for (let i = 0; i < 5; i++) await clock.advance(0);
    for (let i = 0; i < 25; i++) await clock.advance(10);
    expect(ranMs).toEqual(expectedMs);
    await loop.stop();
  });

  test('the first run may wait for one interval', async () => {
    const { clock, loop, ranMs } = looping(['IDLE'], true);
    loop.start();
    await clock.advance(110);
    expect(ranMs).toEqual([100]);
    await loop.stop();
  });

  test('wake() cuts the sleep short', async () => {
    const { clock, loop, ranMs } = looping(['IDLE']);
    loop.start();
    await clock.advance(30);
    loop.wake();
    await clock.advance(0);
    await clock.advance(0);
    expect(ranMs).toEqual([0, 30]);
    await loop.stop();
  });

  test('nothing runs after stop(), which ends a sleep', async () => {
    const { clock, loop, ranMs } = looping(['IDLE']);
    loop.start();
    await clock.advance(10);
    await loop.stop();
    await clock.advance(1_000);
    expect(ranMs).toEqual([0]);
  });
});

test('stop() aborts the signal and waits for the run in progress', async () => {
  let ended = false;
  const loop = new Loop({
    name: 'test',
    intervalMs: 100,
    errorDelayMs: 100,
    log: pino({ level: 'silent' }),
    run: async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended = true;
      return 'MORE';
    },
  });
  loop.start();
  await loop.stop();
  expect(ended).toBe(true);
});

test('a wake() during a run is not missed', async () => {
  const clock = new ManualClock();
  let runs = 0;
  const loop: Loop = new Loop({
    name: 'test',
    intervalMs: 100,
    errorDelayMs: 100,
    log: pino({ level: 'silent' }),
    clock,
    run: async () => {
      runs += 1;
      if (runs === 1) loop.wake();
      return 'IDLE';
    },
  });
  loop.start();
  await clock.advance(0);
  await clock.advance(0);
  expect(runs).toBe(2);
  await loop.stop();
});

test('a failure that repeats is logged once per ten seconds, with its count', async () => {
  const { clock, loop, lines } = looping(['THROW']);
  loop.start();
  await clock.advance(10_500);
  await loop.stop();
  expect(lines.map((line) => JSON.parse(line).errors)).toEqual([1, 10]);
});
