// Redis lives and remembers, but refuses, answers late, loses answers, holds junk, or stands still.

import { bites, type ChaosCase, type FaultRun, rebased, repeat } from '../chaos-case.js';
import { callsScript } from '../faults/chunk-rules.js';
import type { Verdict } from '../faults/fault-proxy.js';

const LATE_MS = 2_000;
const STILL_MS = 3_000;
const BUSY_MS = 800;

export const REDIS_TROUBLE_CASES: readonly ChaosCase[] = [
  {
    id: 'T-R7',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'Redis refuses in turn: OOM, NOREPLICAS, READONLY, paused clients, BUSY with a script',
    inject: (run) =>
      repeat(run, { timesMax: 10, timesMin: 5, pauseMs: 300, busyMs: BUSY_MS }, async (turn) => {
        const refuse = REFUSALS[turn % REFUSALS.length];
        if (refuse !== undefined) await refuse(run);
      }),
    expects: (seen) => bites(seen, 'OOM', 'NOREPLICAS', 'READONLY', 'clients paused', 'BUSY'),
  },
  {
    id: 'T-R8',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'every 20th script call loses its answer with a reset, then every 50th comes 2 s late',
    async inject(run) {
      await strike(run, 20, 'CUT_AFTER', 'answers lost');
      await strike(run, 50, { delayMs: LATE_MS }, 'calls late');
    },
    expects: (seen) => bites(seen, 'answers lost', 'calls late'),
  },
  {
    id: 'T-R9',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'junk of the wrong type is planted over the keys of a SKU, one key after the other',
    inject: (run) =>
      repeat(run, { timesMax: 12, timesMin: 1, pauseMs: 300 }, async (turn) => {
        const skuId = run.skuIds[turn % run.skuIds.length] ?? '';
        await plantJunk(run, skuId);
      }),
    expects: (seen) => [...bites(seen, 'junk over'), ...rebased(seen)],
  },
  {
    id: 'T-R11',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'Redis stands still for 3 s (SIGSTOP), twice',
    inject: (run) =>
      repeat(run, { timesMax: 2, timesMin: 1, pauseMs: 500, busyMs: STILL_MS }, async () => {
        const { redis } = run.env;
        redis.pause();
        run.mark('redis stands still');
        await run.sleep(STILL_MS);
        redis.resumeAll();
        run.mark('redis goes on');
      }),
    expects: (seen) => bites(seen, 'redis stands still'),
  },
];

const REFUSALS: readonly ((run: FaultRun) => Promise<void>)[] = [
  (run) => whileSet(run, 'OOM', 'maxmemory', 1, 0),
  (run) => whileSet(run, 'NOREPLICAS', 'min-replicas-to-write', 1, 0),
  async (run) => {
    const { redis } = run.env;
    // A replica of nobody: it refuses writes, and is another history once it is a master again.
    await redis.command(redis.master, 'REPLICAOF', '127.0.0.1', 1);
    run.mark('READONLY');
    await run.sleep(BUSY_MS);
    await redis.command(redis.master, 'REPLICAOF', 'NO', 'ONE');
  },
  async (run) => {
    const { redis } = run.env;
    await redis.command(redis.master, 'CLIENT', 'PAUSE', BUSY_MS, 'ALL');
    run.mark('clients paused');
    await run.sleep(BUSY_MS);
  },
  async (run) => {
    const { redis } = run.env;
    await redis.command(redis.master, 'CONFIG', 'SET', 'busy-reply-threshold', 50);
    const endless = redis.command(redis.master, 'EVAL', 'while true do end', 0);
    // It ends by SCRIPT KILL, which it reports as an error.
    const ended = endless.catch(() => undefined);
    run.mark('BUSY');
    await run.sleep(BUSY_MS);
    await redis.command(redis.master, 'SCRIPT', 'KILL');
    await ended;
  },
];

async function whileSet(
  run: FaultRun,
  word: string,
  setting: string,
  bad: number,
  good: number,
): Promise<void> {
  const { redis } = run.env;
  await redis.command(redis.master, 'CONFIG', 'SET', setting, bad);
  run.mark(word);
  await run.sleep(BUSY_MS);
  await redis.command(redis.master, 'CONFIG', 'SET', setting, good);
}

/** Half the window for each verdict; afterwards the links pass again. */
async function strike(
  run: FaultRun,
  everyNth: number,
  verdict: Verdict,
  word: string,
): Promise<void> {
  const { redis } = run.env.links;
  for (const link of redis) link.setRule({ matches: callsScript, everyNth, verdict });
  await run.sleep(run.windowMs * 0.45);
  const strikes = redis.reduce((sum, link) => sum + link.strikes, 0);
  if (strikes > 0) run.mark(`${word}: ${strikes}`);
  for (const link of redis) link.pass();
}

const PLANT_STRING = "return redis.call('SET', KEYS[1], 'junk')";
const PLANT_LIST = "redis.call('DEL', KEYS[1]) return redis.call('RPUSH', KEYS[1], 'junk')";

/** Finds the keys by the SKU's name: how they are built is inventory's business. */
async function plantJunk(run: FaultRun, skuId: string): Promise<void> {
  const { redis } = run.env;
  const found = await redis.command(redis.master, 'KEYS', `*${skuId}*`);
  const keys = found as string[];
  const key = keys[run.random.below(Math.max(1, keys.length))];
  if (key === undefined) return;
  // In one step: between a delete and a write inventory would have loaded the SKU again.
  const plant = run.random.chance(0.5) ? PLANT_STRING : PLANT_LIST;
  await redis.command(redis.master, 'EVAL', plant, 1, key);
  run.mark(`junk over ${key}`);
}
