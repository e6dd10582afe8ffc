// The arbiter on sharded MySQL: group commit per server. What gathers while a commit is in flight
// becomes the next one, so a hot SKU's row is locked once per batch and not once per unit.

import { Batcher } from '../../../platform/batcher.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { read, UnknownOutcomeError } from '../../../platform/mysql/transaction.js';
import { SHARDS } from '../../../platform/shard.js';
import type {
  DueHold,
  RestockRequest,
  RestockResult,
  SkuLoad,
  StockBook,
} from '../../app/ports.js';
import type { CloseOutcome, Closing, Refund } from '../../domain/close.js';
import type { Grant, HeldPart, SettleResult } from '../../domain/reservation.js';
import { partitionOf } from '../../domain/split.js';
import type { LedgerEntry, LedgerReason, StockRow } from '../../domain/stock.js';
import { closeBatch } from './close-batch.js';
import { claimDueHolds, extendHolds } from './holds.js';
import { rebaseOnServer } from './rebase.js';
import { restockOnServer } from './restock.js';
import { readParts, STOCK_COLUMNS, type StockRecord, stockRow } from './rows.js';
import { settleBatch } from './settle-batch.js';

/** Bigger batches stop paying: 64 take 1.8 ms, 256 take 5 ms on a hot row. */
const BATCH_ITEMS_MAX = 256;
/** 16 batches: what a server works off in about 100 ms; more would only wait for its deadline. */
const QUEUE_MAX = 4_096;
const QUEUE_AGE_MS_MAX = 2_000;
/** One batch in flight per server: a second would wait for the same hot rows, and batches grow. */
const CONCURRENCY = 1;
/** Once Redis has granted, the settle is finished whatever the caller's deadline. */
const SETTLE_MS_MIN = 2_000;
const UNKNOWN_ATTEMPTS_MAX = 3;

interface Lane {
  readonly settle: Batcher<Grant, SettleResult>;
  readonly close: Batcher<Closing, CloseOutcome>;
}

export class MysqlStockBook implements StockBook {
  readonly #shards: ShardMap;
  readonly #lanes = new Map<MysqlServer, Lane>();
  readonly #changeListeners: ((skuIds: readonly string[]) => void)[] = [];
  readonly #refundListeners: ((refunds: readonly Refund[]) => void)[] = [];

  constructor(shards: ShardMap, o: { holdMs: number }) {
    this.#shards = shards;
    for (const server of shards.servers) this.#lanes.set(server, this.#lane(server, o.holdMs));
  }

  #lane(server: MysqlServer, holdMs: number): Lane {
    const bounds = {
      itemsMax: BATCH_ITEMS_MAX,
      queueMax: QUEUE_MAX,
      ageMsMax: QUEUE_AGE_MS_MAX,
      concurrency: CONCURRENCY,
    };
    return {
      settle: new Batcher({
        ...bounds,
        name: `settle ${server.name}`,
        run: async (grants, batch) => {
          const deadlineMs = finishBy(batch.deadlineMs);
          const o = { deadlineMs, holdMs };
          const results = await resolved(() => settleBatch(server, grants, o));
          this.#changed(grants.flatMap((g) => g.lines.map((line) => line.skuId)));
          return results;
        },
      }),
      close: new Batcher({
        ...bounds,
        name: `close ${server.name}`,
        run: async (closings, batch) => {
          const o = { deadlineMs: finishBy(batch.deadlineMs) };
          // Not resolved by asking again: the refunds of an unknown first try would be lost, and
          // the caller's retry finds the reservation closed. The auditor finds the difference.
          const result = await closeBatch(server, closings, o);
          if (result.refunds.length > 0) {
            for (const listener of this.#refundListeners) listener(result.refunds);
          }
          this.#changed(result.changedSkuIds);
          return result.outcomes;
        },
      }),
    };
  }

  settle(grant: Grant, deadlineMs: number): Promise<SettleResult> {
    return this.#laneOf(grant.partition).settle.add(grant, deadlineMs);
  }

  close(closing: Closing, deadlineMs: number): Promise<CloseOutcome> {
    return this.#laneOf(closing.partition).close.add(closing, deadlineMs);
  }

  async rebase(skuIds: readonly string[], deadlineMs: number): Promise<SkuLoad[]> {
    const loads = await this.#perServer(skuIds, (server, skus) =>
      rebaseOnServer(server, skus, { deadlineMs }),
    );
    return loads.flat();
  }

  async restock(request: RestockRequest, deadlineMs: number): Promise<RestockResult> {
    const partition = partitionOf(request.skuId);
    const server = this.#shards.serverOf(partition);
    const result = await resolved(() =>
      restockOnServer(server, partition, request, { deadlineMs }),
    );
    if (result.outcome === 'DONE') this.#changed([request.skuId]);
    return result;
  }

  async stocks(skuIds: readonly string[], deadlineMs: number): Promise<StockRow[]> {
    const rows = await this.#perServer(skuIds, async (server, skus) => {
      const where = inShards('sku_id', skus);
      const sql = `SELECT ${STOCK_COLUMNS} FROM stock WHERE ${where.sql}`;
      return (await read<StockRecord>(server, { deadlineMs }, sql, where.values)).map(stockRow);
    });
    const bySku = new Map(rows.flat().map((row) => [row.skuId, row]));
    return skuIds.flatMap((skuId) => bySku.get(skuId) ?? []);
  }

  async reservation(
    reservationId: string,
    deadlineMs: number,
  ): Promise<(HeldPart & { holdUntilMs: number })[]> {
    // The id does not say where it lies: one point read per partition, 64 in all.
    const parts = await Promise.all(
      this.#shards.servers.map((server) => {
        const pairs = this.#shards.shardsOf(server).map((shard) => [shard, reservationId] as const);
        const query = {
          rows: <T>(sql: string, values: Parameters<typeof read>[3] = []) =>
            read<T>(server, { deadlineMs }, sql, values),
        };
        return readParts(query, inShards('reservation_id', pairs));
      }),
    );
    return parts.flatMap((map) => [...map.values()]);
  }

  async ledger(
    skuId: string,
    before: number,
    limit: number,
    deadlineMs: number,
  ): Promise<(LedgerEntry & { atMs: number })[]> {
    const partition = partitionOf(skuId);
    const records = await read<LedgerRecord>(
      this.#shards.serverOf(partition),
      { deadlineMs },
      `SELECT entry, before_units, after_units, reason, order_id, cause_id, at_ms FROM ledger
       WHERE shard_no = ? AND sku_id = ? AND entry < ? ORDER BY entry DESC LIMIT ?`,
      [partition, skuId, before, limit],
    );
    return records.map((record) => ({
      partition,
      skuId,
      entry: Number(record.entry),
      before: Number(record.before_units),
      after: Number(record.after_units),
      reason: record.reason as LedgerReason,
      orderId: record.order_id,
      causeId: record.cause_id,
      atMs: Number(record.at_ms),
    }));
  }

  async dueHolds(limit: number, deadlineMs: number): Promise<DueHold[]> {
    const due = await Promise.all(
      this.#shards.servers.map((server) => claimDueHolds(server, limit, { deadlineMs })),
    );
    return due.flat();
  }

  async holdUntil(
    holds: readonly { hold: DueHold; untilMs: number }[],
    deadlineMs: number,
  ): Promise<void> {
    const groups = this.#shards.groupByServer(holds, ({ hold }) => hold.partition);
    await Promise.all(
      [...groups].map(([server, group]) => extendHolds(server, group, { deadlineMs })),
    );
  }

  onChange(listener: (skuIds: readonly string[]) => void): void {
    this.#changeListeners.push(listener);
  }

  onRefund(listener: (refunds: readonly Refund[]) => void): void {
    this.#refundListeners.push(listener);
  }

  /** Refuses new work and finishes what was accepted. */
  async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    await Promise.all(lanes.flatMap((lane) => [lane.settle.stop(), lane.close.stop()]));
  }

  #laneOf(partition: number): Lane {
    return this.#lanes.get(this.#shards.serverOf(partition)) as Lane;
  }

  #changed(skuIds: readonly string[]): void {
    for (const listener of this.#changeListeners) listener(skuIds);
  }

  #perServer<R>(
    skuIds: readonly string[],
    work: (server: MysqlServer, skus: (readonly [number, string])[]) => Promise<R>,
  ): Promise<R[]> {
    const skus = skuIds.map((skuId) => [partitionOf(skuId), skuId] as const);
    const groups = this.#shards.groupByServer(skus, ([shard]) => shard % SHARDS);
    return Promise.all([...groups].map(([server, group]) => work(server, group)));
  }
}

interface LedgerRecord {
  entry: string;
  before_units: string;
  after_units: string;
  reason: number;
  order_id: string;
  cause_id: string;
  at_ms: string;
}

function finishBy(deadlineMs: number): number {
  return Math.max(deadlineMs, Date.now() + SETTLE_MS_MIN);
}

// A COMMIT that was not answered is resolved by doing the same again under the same keys: what was
// committed is found, what was not is done.
async function resolved<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnknownOutcomeError) || attempt >= UNKNOWN_ATTEMPTS_MAX) throw error;
    }
  }
}
