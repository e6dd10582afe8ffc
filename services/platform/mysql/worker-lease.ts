// Leases one of 256 worker ids, so that two processes never make the same id.
//
// 1. The table says for every worker id up to which millisecond of id time it is spoken for
//    (until_ms). A holder may only use milliseconds up to the until_ms that it was granted.
// 2. A new holder starts above the until_ms of the former one. This fence alone makes ids unique:
//    a former holder that woke up late, or whose clock is wrong, still stays below it.
// 3. Expiry (by the database's clock) only decides when an id is handed on, never who is safe.
//
// Invariant: until_ms never decreases, and is committed before anybody uses the span below it.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { assert } from '../assert.js';
import { type Clock, systemClock } from '../clock.js';
import { ClockError, type IdLease, WORKERS } from '../ids.js';
import type { Log } from '../log.js';
import { Loop } from '../loop.js';
import type { MysqlServer } from './connect.js';
import { NOW_MS } from './time.js';
import { change, transact } from './transaction.js';

export interface WorkerLeaseOptions {
  server: MysqlServer;
  /** Unique for every start of a process, see leaseHolder(); stands in the table for operators. */
  holder: string;
  clock: Clock;
  log: Log;
  /** How far ahead id time is reserved; ids stop when the database is away for longer. */
  windowMs: number;
}

const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS worker_lease (
  worker_id SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
  holder VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  grants BIGINT NOT NULL,
  renewals BIGINT NOT NULL,
  until_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
) ENGINE = InnoDB`;

const FILL = `INSERT INTO worker_lease
  (worker_id, holder, grants, renewals, until_ms, expires_ms) VALUES ?
  ON DUPLICATE KEY UPDATE worker_id = VALUES(worker_id)`;

// The one that was last used the longest ago, so that its span lies well in the past.
const SELECT_FREE = `SELECT worker_id, grants, until_ms FROM worker_lease
  WHERE expires_ms <= ${NOW_MS} ORDER BY until_ms, worker_id LIMIT 1 FOR UPDATE`;

const GRANT = `UPDATE worker_lease
  SET holder = ?, grants = grants + 1, until_ms = ?, expires_ms = ${NOW_MS} + ?
  WHERE worker_id = ?`;

// The counter makes every renewal a change, so that "no row changed" means "not mine any more".
const RENEW = `UPDATE worker_lease
  SET renewals = renewals + 1, until_ms = GREATEST(until_ms, ?), expires_ms = ${NOW_MS} + ?
  WHERE worker_id = ? AND holder = ? AND grants = ?`;

const RELEASE = `UPDATE worker_lease SET expires_ms = 0
  WHERE worker_id = ? AND holder = ? AND grants = ?`;

const STATEMENT_MS_MAX = 3_000;
const ERROR_DELAY_MS = 500;

// Renewing three times per window survives two lost renewals.
const RENEWALS_PER_WINDOW = 3;

const HOST_CHARS_MAX = 50;

/** `host:pid:` and a part that no other start shares. Fits the column: 50 + 1 + 7 + 1 + 36. */
export function leaseHolder(host = hostname()): string {
  // The column is ASCII; what a host calls itself is not always.
  const name = host.replaceAll(/[^\w.-]/g, '_').slice(0, HOST_CHARS_MAX);
  return `${name}:${process.pid}:${randomUUID()}`;
}

interface Grant {
  readonly lease: IdLease;
  readonly grants: number;
}

export class WorkerLease {
  readonly #o: WorkerLeaseOptions;
  readonly #loop: Loop;
  #grant: Grant | undefined;

  constructor(o: WorkerLeaseOptions) {
    assert(o.windowMs >= 1_000, 'a window below a second cannot be renewed in time');
    this.#o = o;
    this.#loop = new Loop({
      name: 'worker-lease',
      intervalMs: o.windowMs / RENEWALS_PER_WINDOW,
      restFirst: true,
      errorDelayMs: Math.min(ERROR_DELAY_MS, o.windowMs / RENEWALS_PER_WINDOW),
      run: () => this.#keep(),
      log: o.log,
      clock: o.clock,
    });
  }

  /** Creates the table and its 256 rows where they are missing. */
  async ensure(): Promise<void> {
    const rows = Array.from({ length: WORKERS }, (_, workerId) => [workerId, '', 0, 0, 0, 0]);
    await change(this.#o.server, deadline(), CREATE_TABLE);
    await change(this.#o.server, deadline(), FILL, [rows]);
  }

  /** Throws when no worker id can be had now; the process must not start without one. */
  async start(): Promise<void> {
    await this.ensure();
    this.#grant = await this.#acquire();
    this.#loop.start();
  }

  /** The present lease. It may have run out: whoever uses it compares the time with untilMs. */
  current(): IdLease {
    if (!this.#grant) throw new ClockError('no worker id is leased');
    return this.#grant.lease;
  }

  /** Gives the worker id back. Its span of time stays spoken for. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    const grant = this.#grant;
    if (!grant) return;
    this.#grant = undefined;
    const values = [grant.lease.workerId, this.#o.holder, grant.grants];
    await change(this.#o.server, deadline(), RELEASE, values);
  }

  async #keep(): Promise<'IDLE'> {
    const renewed = this.#grant && (await this.#renew(this.#grant));
    if (!renewed && this.#grant) this.#o.log.warn(this.#grant.lease, 'worker id lost');
    this.#grant = renewed ?? (await this.#acquire());
    return 'IDLE';
  }

  // A lost answer leaves the former, smaller span in use: always inside what is granted.
  async #renew(grant: Grant): Promise<Grant | undefined> {
    const { server, holder, clock, windowMs } = this.#o;
    const { workerId, fromMs } = grant.lease;
    const untilMs = Math.max(grant.lease.untilMs, clock.nowMs() + windowMs);
    const values = [untilMs, windowMs, workerId, holder, grant.grants];
    const changed = await change(server, deadline(), RENEW, values);
    if (changed === 0) return undefined;
    return { lease: { workerId, fromMs, untilMs }, grants: grant.grants };
  }

  async #acquire(): Promise<Grant> {
    const { server, holder, clock, log, windowMs } = this.#o;
    const o = { name: 'worker-lease.acquire', ...deadline() };
    const grant = await transact(server, o, async (tx) => {
      const [free] = await tx.rows<FreeRow>(SELECT_FREE);
      if (!free) throw new ClockError(`all ${WORKERS} worker ids are leased`);
      const fromMs = Number(free.until_ms) + 1;
      const nowMs = clock.nowMs();
      // Ids would be made in the name of a time that has not come, for as long as that lasts.
      if (fromMs > nowMs + windowMs) throw new ClockError('the clock is behind the last id made');
      const untilMs = Math.max(nowMs, fromMs) + windowMs;
      const changed = await tx.change(GRANT, [holder, untilMs, windowMs, free.worker_id]);
      assert(changed === 1, 'a locked worker id is granted');
      const lease = { workerId: free.worker_id, fromMs, untilMs };
      return { lease, grants: Number(free.grants) + 1 };
    });
    log.info({ ...grant.lease, holder }, 'worker id leased');
    return grant;
  }
}

// By the machine's clock, not by the clock of the ids, which this lease exists to distrust.
function deadline(): { deadlineMs: number } {
  return { deadlineMs: systemClock.nowMs() + STATEMENT_MS_MAX };
}

interface FreeRow {
  worker_id: number;
  grants: string;
  until_ms: string;
}
