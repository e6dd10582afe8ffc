// Times what is asked of MySQL, and shows how busy the pools are. The driver tells of its pools by
// fields alone; store-meter.int.test.ts holds that they mean what is read here.

import type { Pool } from 'mysql2/promise';
import { counters, gauges, type Histogram, histograms } from '../telemetry/metrics.js';
import type { MysqlServer } from './connect.js';
import { CONTENTIONS, contentionOf } from './errors.js';

const operations = histograms('db.client.operation.duration');
const contentions = counters('spillway.mysql.contention');
// From zero on: the first loss after the start is an increase too.
for (const cause of CONTENTIONS) contentions.of(cause);

/** Runs the work, whose time is told under its name and, if it fails, under the kind of failure. */
export async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  try {
    const result = await work();
    operations.of('mysql', name, '').record((performance.now() - startMs) / 1_000);
    return result;
  } catch (error) {
    const kind = error instanceof Error ? error.name : 'unknown';
    operations.of('mysql', name, kind).record((performance.now() - startMs) / 1_000);
    throw error;
  }
}

/** A transaction or statement lost against another one. */
export function lostAgainstOthers(error: unknown): void {
  contentions.of(contentionOf(error)).add();
}

/** Lists of the driver, by the names that it has for them. */
interface DriverPool {
  readonly config: { readonly connectionLimit: number };
  lengthOf(list: 'all' | 'free' | 'waiting'): number;
}

const LISTS = {
  all: '_allConnections',
  free: '_freeConnections',
  waiting: '_connectionQueue',
} as const;

const waits = new WeakMap<MysqlServer, Histogram>();

/** How long work waits for a connection; with it the pool's gauges begin. */
export function waitTimes(server: MysqlServer): Histogram {
  const known = waits.get(server);
  if (known) return known;
  const pool = driverPool(server.pool);
  const { name } = server;
  const count = gauges('db.client.connection.count');
  const idle = () => pool.lengthOf('free');
  count.of(name, 'idle').observe(idle);
  count.of(name, 'used').observe(() => pool.lengthOf('all') - idle());
  gauges('db.client.connection.max').of(name).set(pool.config.connectionLimit);
  const pending = gauges('db.client.connection.pending_requests').of(name);
  pending.observe(() => pool.lengthOf('waiting'));
  const histogram = histograms('db.client.connection.wait_time').of(name);
  waits.set(server, histogram);
  return histogram;
}

function driverPool(pool: Pool): DriverPool {
  const driver = pool.pool as unknown as Pick<DriverPool, 'config'> &
    Record<(typeof LISTS)[keyof typeof LISTS], { readonly length: number }>;
  return { config: driver.config, lengthOf: (list) => driver[LISTS[list]].length };
}
