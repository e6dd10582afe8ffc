// The arbiter on sharded MySQL: group commit per server. What gathers while a commit is in flight
// becomes the next one, so a hot SKU's row is locked once per batch and not once per unit.

import { Batcher } from '../../../platform/batcher.js';
import { crashPoint } from '../../../platform/crash-point.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { read } from '../../../platform/mysql/transaction.js';
import { SHARDS } from '../../../platform/shard.js';
import type {
  DueHold,
  GrantsPage,
  RestockRequest,
  RestockResult,
  SkuLoad,
  StockBook,
} from '../../app/ports.js';
import type { CloseOutcome, Closing, Refund } from '../../domain/close.js';
import type { Grant, HeldPart, KnownResult, Part, SettleResult } from '../../domain/reservation.js';
import { partitionOf } from '../../domain/split.js';
import type { LedgerEntry, StockChange, StockRow } from '../../domain/stock.js';
import { closeBatch } from './close-batch.js';
import { claimDueHolds, extendHolds } from './holds.js';
import { readKnown } from './known-parts.js';
import { readLedger } from './ledger.js';
import { readPastGrants } from './past-grants.js';
import { rebaseOnServer } from './rebase.js';
import { resolved } from './resolved.js';
import { restockOnce } from './restock.js';
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
/** The gate waits for these: 2 ms at best. What is older follows when the gate is open. */
const FIRST_PAGE_ENTRIES = 1_000;
/** Read in 9 ms at best, on a busy machine in 24 ms, beside the sale. */
const PAGE_ENTRIES = 5_000;

/** An id does not say where it lies: one point read per partition, 64 in all. */
const ALL_PARTITIONS = [...Array(SHARDS).keys()];

interface Lane {
  readonly settle: Batcher<Grant, SettleResult>;
  readonly close: Batcher<Closing, CloseOutcome>;
  readonly known: Batcher<Part, KnownResult | undefined>;
}

export class MysqlStockBook implements StockBook {
  readonly #shards: ShardMap;
  readonly #pageEntriesMax: number;
  readonly #lanes = new Map<MysqlServer, Lane>();
  readonly #changeListeners: ((changes: readonly StockChange[]) => void)[] = [];
  readonly #refundListeners: ((refunds: readonly Refund[]) => void)[] = [];

  constructor(shards: ShardMap, o: { holdMs: number; pageEntriesMax?: number }) {
    this.#shards = shards;
    this.#pageEntriesMax = o.pageEntriesMax ?? PAGE_ENTRIES;
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
          const { results, changes } = await resolved(() => settleBatch(server, grants, o));
          crashPoint('settle.after-commit');
          this.#changed(changes);
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
          crashPoint('close.after-commit');
          if (result.refunds.length > 0) {
            for (const listener of this.#refundListeners) listener(result.refunds);
          }
          this.#changed(result.changes);
          return result.outcomes;
        },
      }),
      known: new Batcher({
        ...bounds,
        name: `known ${server.name}`,
        run: (parts, batch) => readKnown(server, parts, batch),
      }),
    };
  }

  settle(grant: Grant, deadlineMs: number): Promise<SettleResult> {
    return this.#laneOf(grant.partition).settle.add(grant, deadlineMs);
  }

  close(closing: Closing, deadlineMs: number): Promise<CloseOutcome> {
    return this.#laneOf(closing.partition).close.add(closing, deadlineMs);
  }

  // A plain read, although a copy of the request may be on its way: what an older epoch granted was
  // committed before the gate was loaded, and what this one granted the gate knows.
  known(part: Part, deadlineMs: number): Promise<KnownResult | undefined> {
    return this.#laneOf(part.partition).known.add(part, deadlineMs);
  }

  async rebase(skuIds: readonly string[], deadlineMs: number): Promise<SkuLoad[]> {
    const entriesMax = Math.min(FIRST_PAGE_ENTRIES, this.#pageEntriesMax);
    const loads = await this.#perServer(skuIds, (server, skus) =>
      rebaseOnServer(server, skus, { deadlineMs, entriesMax }),
    );
    return loads.flat();
  }

  async grantsPage(skuId: string, belowEntry: number, deadlineMs: number): Promise<GrantsPage> {
    const partition = partitionOf(skuId);
    const window = { partition, skuId, belowEntry, entriesMax: this.#pageEntriesMax };
    const server = this.#shards.serverOf(partition);
    const [page] = await readPastGrants(server, [window], { deadlineMs });
    return page as GrantsPage;
  }

  async restock(request: RestockRequest, deadlineMs: number): Promise<RestockResult> {
    const { result, changes } = await restockOnce(this.#shards, request, { deadlineMs });
    crashPoint('restock.after-commit');
    this.#changed(changes);
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
    partitions: readonly number[] = ALL_PARTITIONS,
  ): Promise<(HeldPart & { holdUntilMs: number })[]> {
    const keys = partitions.map((partition) => [partition, reservationId] as const);
    const groups = this.#shards.groupByServer(keys, ([partition]) => partition);
    const parts = await Promise.all(
      [...groups].map(([server, pairs]) => {
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
    const server = this.#shards.serverOf(partitionOf(skuId));
    return readLedger(server, { skuId, before, limit }, { deadlineMs });
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

  onChange(listener: (changes: readonly StockChange[]) => void): void {
    this.#changeListeners.push(listener);
  }

  onRefund(listener: (refunds: readonly Refund[]) => void): void {
    this.#refundListeners.push(listener);
  }

  /** Refuses new work and finishes what was accepted. */
  async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    const batchers = lanes.flatMap((lane) => [lane.settle, lane.close, lane.known]);
    await Promise.all(batchers.map((batcher) => batcher.stop()));
  }

  #laneOf(partition: number): Lane {
    return this.#lanes.get(this.#shards.serverOf(partition)) as Lane;
  }

  #changed(changes: readonly StockChange[]): void {
    if (changes.length > 0) for (const listener of this.#changeListeners) listener(changes);
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

function finishBy(deadlineMs: number): number {
  return Math.max(deadlineMs, Date.now() + SETTLE_MS_MIN);
}
