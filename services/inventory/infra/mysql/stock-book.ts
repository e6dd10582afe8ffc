// The arbiter on sharded MySQL: group commit per server. What gathers while a commit is in flight
// becomes the next one, so a hot SKU's row is locked once per batch and not once per unit.

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
import { countSettled } from '../stock-meter.js';
import { claimDueHolds, extendHolds } from './holds.js';
import { closeLane, type Lane, openLane } from './lane.js';
import { readLedger } from './ledger.js';
import { readPastGrants } from './past-grants.js';
import { rebaseOnServer } from './rebase.js';
import { restockOnce } from './restock.js';
import { readParts, readStocks } from './rows.js';

/** The gate waits for these: 1 ms at best. What is older follows when the gate is open. */
const FIRST_PAGE_ENTRIES = 1_000;
/** Read in 2 ms at best, on a busy machine in 10 ms, beside the sale. */
const PAGE_ENTRIES = 5_000;

/** An id does not say where it lies: one point read per partition, 64 in all. */
const ALL_PARTITIONS = [...Array(SHARDS).keys()];

export class MysqlStockBook implements StockBook {
  readonly #shards: ShardMap;
  readonly #pageEntriesMax: number;
  readonly #lanes = new Map<MysqlServer, Lane>();
  readonly #changeListeners: ((changes: readonly StockChange[]) => void)[] = [];
  readonly #refundListeners: ((refunds: readonly Refund[]) => void)[] = [];

  constructor(shards: ShardMap, o: { holdMs: number; pageEntriesMax?: number }) {
    this.#shards = shards;
    this.#pageEntriesMax = o.pageEntriesMax ?? PAGE_ENTRIES;
    for (const server of shards.servers) {
      const lane = openLane(server, {
        holdMs: o.holdMs,
        changed: (changes) => this.#changed(changes),
        refunded: (refunds) => {
          for (const listener of this.#refundListeners) listener(refunds);
        },
      });
      this.#lanes.set(server, lane);
    }
  }

  async settle(
    grants: readonly Grant[],
    deadlineMs: number,
  ): Promise<(SettleResult | undefined)[]> {
    const results = new Array<SettleResult | undefined>(grants.length);
    const indexes = [...grants.keys()];
    const partitionAt = (index: number) => (grants[index] as Grant).partition;
    const groups = this.#shards.groupByServer(indexes, partitionAt);
    await Promise.all(
      [...groups].map(async ([server, group]) => {
        const asked = group.map((index) => grants[index] as Grant);
        const answers = await this.#lane(server).settle.addAll(asked, deadlineMs);
        answers.forEach((answer, i) => {
          results[group[i] as number] = answer;
        });
      }),
    );
    countSettled(grants, results);
    return results;
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
    const [only] = skuIds;
    if (skuIds.length === 1 && only !== undefined) {
      const partition = partitionOf(only);
      const row = await this.#laneOf(partition).stock.add([partition, only], deadlineMs);
      return row === undefined ? [] : [row];
    }
    const rows = await this.#perServer(skuIds, (server, skus) =>
      readStocks(server, skus, { deadlineMs }),
    );
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
    await Promise.all([...this.#lanes.values()].map(closeLane));
  }

  #lane(server: MysqlServer): Lane {
    return this.#lanes.get(server) as Lane;
  }

  #laneOf(partition: number): Lane {
    return this.#lane(this.#shards.serverOf(partition));
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
