// Redis forgets: everything, its scripts, or the last seconds.

import { bites, type ChaosCase, rebased, repeat } from '../chaos-case.js';

export const REDIS_MEMORY_CASES: readonly ChaosCase[] = [
  {
    id: 'T-R1',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'kill -9 of Redis at the height of the sale and an empty restart, up to ten times',
    inject: (run) =>
      repeat(run, { timesMax: 10, timesMin: 1, pauseMs: 1_000, busyMs: 200 }, async () => {
        const { redis } = run.env;
        run.mark('redis killed');
        await redis.kill(redis.master);
        await redis.start(redis.master);
        run.mark('redis restarted empty');
      }),
    expects: (seen) => [...bites(seen, 'redis restarted empty'), ...rebased(seen)],
  },
  {
    id: 'T-R2',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'FLUSHALL, SCRIPT FLUSH, DEBUG RELOAD, and a reload of seconds-old data, in turn',
    inject: (run) =>
      repeat(run, { timesMax: 12, timesMin: 3, pauseMs: 400 }, async (turn) => {
        const { redis } = run.env;
        const step = LAPSES[turn % LAPSES.length] ?? [];
        for (const [name = '', ...args] of step) await redis.command(redis.master, name, ...args);
        run.mark(`redis told: ${step.map((words) => words.join(' ')).join(', ')}`);
      }),
    expects: (seen) => [
      ...bites(seen, 'redis told: FLUSHALL', 'redis told: DEBUG RELOAD NOSAVE'),
      ...rebased(seen),
    ],
  },
];

/**
 * A snapshot that is loaded some steps later is the nastiest lapse: same server, same replication id,
 * same epoch, and yet an older truth.
 */
const LAPSES: readonly (readonly (readonly string[])[])[] = [
  [['SAVE']],
  [['DEBUG', 'RELOAD', 'NOSAVE']],
  [['FLUSHALL']],
  [['SCRIPT', 'FLUSH']],
  [['DEBUG', 'RELOAD']],
  [['SCRIPT', 'FLUSH'], ['FLUSHALL']],
];
