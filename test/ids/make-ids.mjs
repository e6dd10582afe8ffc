// Makes ids in a process of its own, as an order process does, and writes them to stdout: `leased <worker
// id>`, then one id per line, `refused` and `resumed` when ids cannot and can be made again, and `made` at
// the end. It gives its worker id back when stdin ends, so who kills it sees a crash.
import process from 'node:process';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';

const options = JSON.parse(process.argv[2] ?? '');
const { url, database, dist, windowMs, shiftMs, count, stepMs, patienceMs } = options;
const load = (path) => import(new URL(`services/platform/${path}.js`, dist).href);
const { systemClock } = await load('clock');
const { IdSource } = await load('ids');
const { createLog } = await load('log');
const { connectShards } = await load('mysql/connect');
const { leaseHolder, WorkerLease } = await load('mysql/worker-lease');

const IDS_PER_TURN = 1_000;
const GENES = 64;
const RETRY_MS = 20;
/** Every start locks the whole table for a moment. */
const START_RETRY_MS = 300;

let offsetMs = shiftMs;
const clock = { ...systemClock, nowMs: () => Date.now() + offsetMs };
const log = createLog({ service: 'make-ids', level: 'silent' });
const shards = connectShards({ shards: [{ from: 0, to: 63, url }], database, poolSize: 2, log });
const server = shards.serverOf(0);
const lease = new WorkerLease({ server, holder: leaseHolder(), clock, log, windowMs });
const source = new IdSource({ clock, lease: () => lease.current() });

const say = (text) => process.stdout.write(`${text}\n`);

await insist(() => lease.start());
say(`leased ${lease.current().workerId}`);
await make(count);
if (stepMs !== 0) {
  offsetMs += stepMs;
  await make(count);
}
say('made');
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
await lease.stop();
await shards.close();

async function make(wanted) {
  for (let left = wanted; left > 0; ) {
    const ids = [];
    try {
      while (ids.length < Math.min(left, IDS_PER_TURN)) ids.push(source.next(ids.length % GENES));
    } catch (error) {
      if (error.name !== 'ClockError') throw error;
      if (!(await refused(error))) return;
    }
    if (ids.length > 0) say(ids.join('\n'));
    left -= ids.length;
    await turn();
  }
}

/** Waits until ids can be made again; false when patience ends first. */
async function refused(error) {
  say(`refused ${error.message}`);
  const untilMs = performance.now() + patienceMs;
  while (performance.now() < untilMs) {
    await sleep(RETRY_MS);
    try {
      say(`${source.next(0)}`);
      say('resumed');
      return true;
    } catch (again) {
      if (again.name !== 'ClockError') throw again;
    }
  }
  return false;
}

/** As whoever starts processes would: a start that is refused is tried again. */
async function insist(start) {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (error.name !== 'ClockError' || performance.now() > untilMs) throw error;
      await sleep(START_RETRY_MS);
    }
  }
}
