// For tests of the outbox: tables on two real servers, and outboxes that stand for processes.

import { systemClock } from '../clock.js';
import { silent, testUrl } from '../real-servers.fixture.js';
import { createTestDatabase, type TestDatabase } from './database.fixture.js';
import {
  type Delivery,
  OUTBOX_TABLE,
  Outbox,
  type OutboxEvent,
  type OutboxHandler,
} from './outbox.js';
import { change, read, transact } from './transaction.js';

export const soon = () => ({ deadlineMs: Date.now() + 5_000 });

export const event = (n: number, kind = 'paid'): OutboxEvent => ({
  shard: n % 64,
  aggregateId: `order-${n}`,
  version: 1,
  kind,
  payload: { n },
});

export const events = (count: number, kind = 'paid') =>
  Array.from({ length: count }, (_, n) => event(n, kind));

/** A handler that hears everything and counts how often. */
export function hearing(answer: (one: OutboxEvent) => Delivery = () => 'DONE') {
  const heard = new Map<string, number>();
  const calls: number[] = [];
  const handler = async (some: OutboxEvent[]) => {
    calls.push(some.length);
    for (const { aggregateId } of some) heard.set(aggregateId, (heard.get(aggregateId) ?? 0) + 1);
    return some.map(answer);
  };
  return { heard, calls, handler };
}

export class OutboxBench {
  readonly #open: Outbox[] = [];

  readonly db: TestDatabase;

  private constructor(db: TestDatabase) {
    this.db = db;
  }

  static async open(): Promise<OutboxBench> {
    const urls = [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')];
    const bench = new OutboxBench(await createTestDatabase({ urls }));
    await bench.sql(OUTBOX_TABLE);
    return bench;
  }

  async sql(statement: string): Promise<void> {
    for (const server of this.db.shards.servers) await change(server, soon(), statement);
  }

  /** Makes every row due that is not parked. */
  hurry(): Promise<void> {
    return this.sql('UPDATE outbox SET due_ms = 0 WHERE parked_reason IS NULL');
  }

  outboxWith(
    handlers: Record<string, OutboxHandler>,
    o: { firstDelayMs?: number; attemptsMax?: number } = {},
  ): Outbox {
    const outbox = new Outbox({
      shards: this.db.shards,
      handlers,
      log: silent,
      clock: systemClock,
      firstDelayMs: 10_000,
      batchMax: 50,
      attemptsMax: 5,
      ...o,
    });
    this.#open.push(outbox);
    return outbox;
  }

  /** Commits the events, server by server, as the services do. */
  async commit(outbox: Outbox, all: OutboxEvent[]): Promise<void> {
    for (const [server, group] of this.db.shards.groupByServer(all, ({ shard }) => shard)) {
      await transact(server, { name: 'test', ...soon() }, async (tx) =>
        outbox.append(tx, group, Date.now()),
      );
    }
  }

  async rows(): Promise<number> {
    const counts = await Promise.all(
      this.db.shards.servers.map((server) =>
        read<{ n: string }>(server, soon(), 'SELECT COUNT(*) AS n FROM outbox'),
      ),
    );
    return counts.flat().reduce((sum, row) => sum + Number(row.n), 0);
  }

  async reset(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((outbox) => outbox.stop()));
    await this.sql('DELETE FROM outbox');
  }
}
