// Walks over the ledger of every SKU of a server, a page at a time, and checks each entry: its number,
// that it begins where the one before ended, and that it can be read. What it keeps is one line of
// sums for each SKU, and one page.
//
// The form of `moves` is told in services/inventory/infra/mysql/ledger-chunk.ts. It is read here a second
// time, from its description: code that wrote a wrong history must not be the code that judges it.
import type { Book } from './books.js';

/** Full chunks of common ids are 17 KB, so a page is 17 MB; of the longest ids, 60 MB. */
const CHUNKS_PER_PAGE = 1_000;

/** A row of inventory's table ledger_chunk. */
export interface ChunkRow {
  readonly shard_no: number;
  readonly sku_id: string;
  readonly entry: string | number;
  readonly entries: string | number;
  readonly before_units: string | number;
  readonly after_units: string | number;
  readonly moves: string;
}

export interface LedgerSums {
  readonly shard_no: number;
  readonly sku_id: string;
  readonly entries: number;
  /** `after` of the newest entry. */
  readonly lastAfter: number;
  /** Entries that do not begin where the one before ended; inside a chunk all do. */
  readonly broken: number;
  /** Chunks whose text cannot be read, or says other numbers than the row. */
  readonly damaged: number;
}

export interface Move {
  /** 1 RESTOCK, 2 RESERVE, 3 RELEASE, 4 CONFIRM, 5 RETURN. */
  readonly reason: number;
  /** What became available, or was taken if negative. */
  readonly change: number;
  readonly causeId: string;
}

export async function readLedger(book: Book): Promise<LedgerSums[]> {
  const walk = new LedgerWalk();
  let after: readonly [number, string, string | number] = [-1, '', 0];
  for (;;) {
    const [shard, skuId, entry] = after;
    const rows = await book.rows<ChunkRow>(
      `SELECT shard_no, sku_id, entry, entries, before_units, after_units, moves
       FROM ${book.database('inventory')}.ledger_chunk
       WHERE shard_no > ? OR (shard_no = ? AND (sku_id > ? OR (sku_id = ? AND entry > ?)))
       ORDER BY shard_no, sku_id, entry LIMIT ${CHUNKS_PER_PAGE}`,
      [shard, shard, skuId, skuId, entry],
    );
    for (const row of rows) walk.add(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHUNKS_PER_PAGE) return walk.sums;
    after = [last.shard_no, last.sku_id, last.entry];
  }
}

/** Takes the chunks of each SKU in ascending order, one SKU after the other. */
export class LedgerWalk {
  readonly sums: LedgerSums[] = [];
  #open: { -readonly [key in keyof LedgerSums]: LedgerSums[key] } | undefined;
  #nextEntry = 1;

  add(row: ChunkRow): void {
    const [before, after] = [Number(row.before_units), Number(row.after_units)];
    const [entry, entries] = [Number(row.entry), Number(row.entries)];
    const { shard_no, sku_id } = row;
    let open = this.#open;
    if (open === undefined || open.shard_no !== shard_no || open.sku_id !== sku_id) {
      open = { shard_no, sku_id, entries: 0, lastAfter: 0, broken: 0, damaged: 0 };
      this.sums.push(open);
      this.#open = open;
      this.#nextEntry = 1;
    }
    if (entry !== this.#nextEntry || before !== open.lastAfter) open.broken += 1;
    if (!agrees(movesOf(row.moves), entries, after - before)) open.damaged += 1;
    open.entries += entries;
    open.lastAfter = after;
    this.#nextEntry = entry + entries;
  }
}

/** Undefined when the text is damaged. */
export function movesOf(text: string): Move[] | undefined {
  const moves: Move[] = [];
  for (const line of text.split(',')) {
    const fields = line.split(' ');
    const head = fields.length === 2 ? '2-1' : (fields[0] ?? '');
    const [orderId, causeId] = fields.slice(-2);
    if (fields.length > 3 || orderId === undefined || causeId === undefined) return undefined;
    if (!HEAD.test(head) || !ID.test(orderId) || !ID.test(causeId)) return undefined;
    moves.push({ reason: Number(head[0]), change: Number(head.slice(1)), causeId });
  }
  return moves;
}

const HEAD = /^[1-5]([+-][1-9][0-9]*)?$/;
const ID = /^[A-Za-z0-9_.:-]{0,64}$/;

function agrees(moves: readonly Move[] | undefined, entries: number, change: number): boolean {
  if (moves === undefined || moves.length !== entries) return false;
  return moves.reduce((sum, move) => sum + move.change, 0) === change;
}
