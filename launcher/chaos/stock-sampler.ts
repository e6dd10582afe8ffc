// Looks at the stock rows every 50 ms while the load runs, past every proxy and every service. A server
// that is down is simply not seen; when it is back, so are the samples.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { DATABASE_PREFIX } from './environment.js';
import type { Sample } from './evidence.js';
import { MYSQL_SERVERS, type MysqlNodes } from './faults/mysql-nodes.js';

const INTERVAL_MS = 50;
const QUERY_MS_MAX = 2_000;

export class StockSampler {
  readonly samples: Sample[] = [];
  readonly #mysql: MysqlNodes;
  readonly #skuIds: readonly string[];
  readonly #nowMs: () => number;
  readonly #loops: Promise<void>[] = [];
  #stopped = false;

  constructor(o: { mysql: MysqlNodes; skuIds: readonly string[]; nowMs: () => number }) {
    this.#mysql = o.mysql;
    this.#skuIds = o.skuIds;
    this.#nowMs = o.nowMs;
  }

  start(): void {
    for (let server = 0; server < MYSQL_SERVERS; server += 1) this.#loops.push(this.#watch(server));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /** The newest sample of each SKU. */
  latest(): Map<string, Sample> {
    return new Map(this.samples.slice(-20 * this.#skuIds.length).map((s) => [s.skuId, s]));
  }

  async #watch(server: number): Promise<void> {
    let connection: Connection | undefined;
    while (!this.#stopped) {
      try {
        connection ??= await this.#mysql.connect(server);
        this.samples.push(...(await this.#look(connection)));
      } catch {
        connection?.destroy();
        connection = undefined;
      }
      await sleep(INTERVAL_MS);
    }
    connection?.destroy();
  }

  async #look(connection: Connection): Promise<Sample[]> {
    const [rows] = await connection.query({
      sql: `SELECT sku_id, available, reserved, sold, total, epoch
            FROM ${DATABASE_PREFIX}inventory.stock WHERE sku_id IN (?)`,
      values: [this.#skuIds],
      timeout: QUERY_MS_MAX,
    });
    const atMs = this.#nowMs();
    return (rows as Record<string, string>[]).map((row) => ({
      atMs,
      skuId: String(row['sku_id']),
      available: Number(row['available']),
      reserved: Number(row['reserved']),
      sold: Number(row['sold']),
      total: Number(row['total']),
      epoch: Number(row['epoch']),
    }));
  }
}
