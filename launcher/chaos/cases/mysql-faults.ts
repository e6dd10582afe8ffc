// The arbiter is killed, cut off in the middle of a COMMIT, blocked by somebody else's locks, or half
// gone.

import type { Connection } from 'mysql2/promise';
import { bites, type ChaosCase, type FaultRun, type Seen } from '../chaos-case.js';
import { DATABASE_PREFIX } from '../environment.js';
import { commits } from '../faults/chunk-rules.js';
import type { Verdict } from '../faults/fault-proxy.js';
import { MYSQL_SERVERS } from '../faults/mysql-nodes.js';

/** What a call may wait for a server that is gone before its SKUs' neighbours would notice. */
const NEIGHBOUR_SILENCE_MS_MAX = 2_000;
const LOCKS_MS_MAX = 2_500;
const BURST_MS = 500;

export const MYSQL_CASES: readonly ChaosCase[] = [
  {
    id: 'T-M1',
    part: 'MYSQL',
    story: 'kill -9 of a MySQL server under load and its recovery, three times',
    async inject(run) {
      for (let turn = 0; turn < 3 && (turn === 0 || run.leftMs() > 0); turn += 1) {
        await run.sleep(run.windowMs * 0.2);
        const server = turn % MYSQL_SERVERS;
        await run.env.mysql.kill(server);
        run.mark(`mysql-${server + 1} killed`);
        await run.env.reviveMysql(server);
        run.mark(`mysql-${server + 1} recovered`);
      }
    },
    expects: (seen) => bites(seen, 'mysql-1 killed', 'mysql-1 recovered'),
  },
  {
    id: 'T-M2',
    part: 'MYSQL',
    story: 'every 7th COMMIT is cut off: before it arrives, then after; then all of them in bursts',
    async inject(run) {
      const phaseMs = run.windowMs * 0.3;
      await strike(run, 7, 'CUT_BEFORE', 'commits cut before', phaseMs);
      await strike(run, 7, 'CUT_AFTER', 'commits cut after', phaseMs);
      // Longer than the service repeats a batch by itself: its callers hear that nobody knows.
      do {
        await strike(run, 1, 'CUT_AFTER', 'all commits cut after', BURST_MS);
        await run.sleep(BURST_MS);
      } while (run.leftMs() > BURST_MS);
    },
    expects: (seen) => bites(seen, 'commits cut before', 'commits cut after', 'all commits cut'),
  },
  {
    id: 'T-M4',
    part: 'MYSQL',
    story: 'somebody else locks the same rows in the opposite order, for up to 2.5 s',
    inject: lockBackwards,
    expects: (seen) => bites(seen, 'rows locked backwards'),
  },
  {
    id: 'T-M9',
    part: 'MYSQL',
    story: 'one of two MySQL servers is gone for half the run; the SKUs of the other go on selling',
    async inject(run) {
      const server = MYSQL_SERVERS - 1;
      await run.sleep(run.windowMs * 0.2);
      await run.env.mysql.kill(server);
      run.mark('one server gone');
      await run.sleep(run.windowMs * 0.5);
      run.mark('the server comes back');
      await run.env.reviveMysql(server);
    },
    expects: (seen) => [...bites(seen, 'the server comes back'), ...neighboursSell(seen)],
  },
];

async function strike(
  run: FaultRun,
  everyNth: number,
  verdict: Verdict,
  word: string,
  forMs: number,
): Promise<void> {
  const links = run.env.links.mysql.flat();
  for (const link of links) link.setRule({ matches: commits, everyNth, verdict });
  await run.sleep(forMs);
  const strikes = links.reduce((sum, link) => sum + link.strikes, 0);
  if (strikes > 0) run.mark(`${word}: ${strikes}`);
  for (const link of links) link.pass();
}

async function lockBackwards(run: FaultRun): Promise<void> {
  const adversary = async (server: number) => {
    while (run.leftMs() > LOCKS_MS_MAX) {
      await run.sleep(100 + run.random.below(400));
      const connection = await run.env.mysql.connect(server);
      try {
        await lockAll(run, connection);
      } catch {
        // It lost against the service: deadlocks have two sides.
        run.mark('the adversary lost');
      } finally {
        connection.destroy();
      }
    }
  };
  await Promise.all(Array.from({ length: MYSQL_SERVERS }, (_, server) => adversary(server)));
}

async function lockAll(run: FaultRun, connection: Connection): Promise<void> {
  await connection.query('SET SESSION innodb_lock_wait_timeout = 1');
  await connection.query('START TRANSACTION');
  for (const skuId of [...run.skuIds].sort().reverse()) {
    await connection.query(
      `SELECT available FROM ${DATABASE_PREFIX}inventory.stock WHERE sku_id = ? FOR UPDATE`,
      [skuId],
    );
    await run.sleep(20 + run.random.below(60));
  }
  run.mark('rows locked backwards');
  // Mostly short; now and then longer than a lock wait of the service's.
  await run.sleep(run.random.chance(0.25) ? LOCKS_MS_MAX : run.random.below(200));
  await connection.query('ROLLBACK');
}

/** While the server was gone, some SKU still sold, with no long silence. */
function neighboursSell({ evidence }: Seen): string[] {
  const from = timeOf(evidence.marks, 'one server gone');
  const to = timeOf(evidence.marks, 'the server comes back');
  const [neighbour = ''] = evidence.skuIds;
  const answers = evidence.attempts
    .filter((a) => a.verb === 'reserve' && (a.type === 'ok' || a.type === 'fail'))
    .filter((a) => a.lines.length === 1 && a.lines[0]?.skuId === neighbour)
    .map((a) => a.endMs)
    .filter((atMs) => atMs >= from && atMs <= to)
    .sort((a, b) => a - b);
  const times = [from, ...answers, to];
  const silenceMs = Math.max(...times.slice(1).map((atMs, i) => atMs - (times[i] ?? from)));
  if (silenceMs <= NEIGHBOUR_SILENCE_MS_MAX) return [];
  return [`${neighbour} on the living server got no answer for ${silenceMs.toFixed(0)} ms`];
}

function timeOf(marks: readonly { atMs: number; text: string }[], text: string): number {
  return marks.find((mark) => mark.text === text)?.atMs ?? 0;
}
