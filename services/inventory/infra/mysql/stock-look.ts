// Walks over all SKUs, a page at a time, and tells at the end of each round how many units there are,
// how many SKUs run low, and whether every SKU adds up: total = available + reserved + sold, and
// available = what its own ledger last said. One statement is one snapshot, so a sale does not
// disturb the comparison.

import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { read } from '../../../platform/mysql/transaction.js';
import type { Look } from '../../../platform/telemetry/metric-look.js';
import { gauges } from '../../../platform/telemetry/metrics.js';

/** A few milliseconds of a server: one row and one point read of the ledger for each SKU. */
const SKUS_PER_PAGE = 1_000;
const PAGE_MS_MAX = 5_000;
/** By the total of a SKU, the unit of thought of a sale: a rarity, a flash sale, a shelf. */
const CLASSES = [
  { name: 'to_10', upTo: 10 },
  { name: 'to_100', upTo: 100 },
  { name: 'to_1000', upTo: 1_000 },
  { name: 'to_10000', upTo: 10_000 },
  { name: 'more', upTo: Number.POSITIVE_INFINITY },
] as const;

const SELECT_PAGE = `SELECT s.shard_no, s.sku_id, s.available, s.reserved, s.sold, s.total,
  (SELECT l.after_units FROM ledger_chunk l WHERE l.shard_no = s.shard_no AND l.sku_id = s.sku_id
   ORDER BY l.entry DESC LIMIT 1) AS ledger_units
  FROM stock s WHERE s.shard_no IN (?) AND (s.shard_no > ? OR (s.shard_no = ? AND s.sku_id > ?))
  ORDER BY s.shard_no, s.sku_id LIMIT ?`;

interface SkuRow {
  readonly shard_no: number;
  readonly sku_id: string;
  readonly available: string;
  readonly reserved: string;
  readonly sold: string;
  readonly total: string;
  readonly ledger_units: string | null;
}

interface ClassSums {
  skus: number;
  available: number;
  reserved: number;
  sold: number;
}

export function stockLook(shards: ShardMap, o: { lowBelow: number }): Look {
  const round = new Round(shards, o.lowBelow);
  return { name: 'stock', run: () => round.page() };
}

/** One walk over all servers after the other. */
class Round {
  readonly #shards: ShardMap;
  readonly #lowBelow: number;
  #server = 0;
  #after: readonly [number, string] = [-1, ''];
  #sums = noSums();
  #low = 0;
  #unbalanced = 0;

  constructor(shards: ShardMap, lowBelow: number) {
    this.#shards = shards;
    this.#lowBelow = lowBelow;
  }

  /** The next page of each server in turn, until the round ends or a page is full. */
  async page(): Promise<void> {
    for (;;) {
      const server = this.#shards.servers[this.#server];
      if (server === undefined) return this.#tell();
      const rows = await this.#read(server);
      for (const row of rows) this.#add(row);
      const last = rows.at(-1);
      if (last !== undefined && rows.length === SKUS_PER_PAGE) {
        this.#after = [last.shard_no, last.sku_id];
        return;
      }
      this.#server += 1;
      this.#after = [-1, ''];
    }
  }

  #read(server: MysqlServer): Promise<SkuRow[]> {
    const owned = this.#shards.shardsOf(server);
    if (owned.length === 0) return Promise.resolve([]);
    const [shard, skuId] = this.#after;
    const values = [owned, shard, shard, skuId, SKUS_PER_PAGE];
    return read<SkuRow>(server, { deadlineMs: Date.now() + PAGE_MS_MAX }, SELECT_PAGE, values);
  }

  #add(row: SkuRow): void {
    const [available, reserved, sold] = [row.available, row.reserved, row.sold].map(Number);
    const total = Number(row.total);
    const sums = this.#sums.get(classOf(total)) as ClassSums;
    sums.skus += 1;
    sums.available += available ?? 0;
    sums.reserved += reserved ?? 0;
    sums.sold += sold ?? 0;
    if (available !== 0 && Number(available) < this.#lowBelow) this.#low += 1;
    const adds = Number(available) + Number(reserved) + Number(sold) === total;
    // A SKU that was made and never restocked has no ledger.
    const agrees = Number(row.ledger_units ?? 0) === available;
    if (!adds || !agrees) this.#unbalanced += 1;
  }

  #tell(): void {
    const units = gauges('spillway.stock.units');
    for (const [name, sums] of this.#sums) {
      gauges('spillway.stock.skus').of(name).set(sums.skus);
      units.of(name, 'available').set(sums.available);
      units.of(name, 'reserved').set(sums.reserved);
      units.of(name, 'sold').set(sums.sold);
    }
    gauges('spillway.stock.low').of().set(this.#low);
    gauges('spillway.stock.unbalanced').of().set(this.#unbalanced);
    this.#server = 0;
    this.#sums = noSums();
    this.#low = 0;
    this.#unbalanced = 0;
  }
}

function noSums(): Map<string, ClassSums> {
  return new Map(
    CLASSES.map(({ name }) => [name, { skus: 0, available: 0, reserved: 0, sold: 0 }]),
  );
}

function classOf(total: number): string {
  return (CLASSES.find(({ upTo }) => total <= upTo) ?? CLASSES[0]).name;
}
