// Reads a SKU's ledger backwards, for people who ask what happened.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { read } from '../../../platform/mysql/transaction.js';
import { partitionOf } from '../../domain/split.js';
import type { LedgerEntry } from '../../domain/stock.js';
import { entriesOf } from './ledger-chunk.js';

/** A page of 100 entries or more of a busy sale; where chunks are small, it is read again with more. */
const HEADS_FIRST = 16;

export interface ChunkRecord {
  sku_id: string;
  entry: string;
  entries: number;
  before_units: string;
  moves: string;
}

export const CHUNK_COLUMNS = 'sku_id, entry, entries, before_units, moves' as const;

/** In ascending order. */
export function entriesIn(record: ChunkRecord, partition: number): LedgerEntry[] {
  return entriesOf({
    partition,
    skuId: record.sku_id,
    entry: Number(record.entry),
    entries: record.entries,
    before: Number(record.before_units),
    moves: record.moves,
  });
}

/** Newest first, entries below `before`. */
export async function readLedger(
  server: MysqlServer,
  asked: LedgerPage,
  o: { deadlineMs: number },
): Promise<(LedgerEntry & { atMs: number })[]> {
  const { skuId, before, limit } = asked;
  const partition = partitionOf(skuId);
  const { entries: found, first, last } = await findSpan(server, asked, o);
  if (found === 0) return [];
  const records = await read<ChunkRecord & { at_ms: string }>(
    server,
    o,
    `SELECT ${CHUNK_COLUMNS}, at_ms FROM ledger_chunk
     WHERE shard_no = ? AND sku_id = ? AND entry BETWEEN ? AND ? ORDER BY entry DESC`,
    [partition, skuId, first, last],
  );
  const entries = records.flatMap((record) => {
    const atMs = Number(record.at_ms);
    const inside = entriesIn(record, partition).filter(({ entry }) => entry < before);
    return inside.reverse().map((entry) => ({ ...entry, atMs }));
  });
  return entries.slice(0, limit);
}

interface LedgerPage {
  readonly skuId: string;
  readonly before: number;
  readonly limit: number;
}

interface Head {
  entry: string;
  entries: number;
}

/**
 * Which chunks hold the page. Their numbers are read before their text: as many chunks as entries are
 * asked for would be megabytes where they are full, and too few where they are not. Between the two
 * reads no chunk comes in between, since none is ever written below another.
 */
async function findSpan(
  server: MysqlServer,
  page: LedgerPage,
  o: { deadlineMs: number },
): Promise<Span> {
  const { skuId, before, limit } = page;
  const heads = (most: number) =>
    read<Head>(
      server,
      o,
      `SELECT entry, entries FROM ledger_chunk
       WHERE shard_no = ? AND sku_id = ? AND entry < ? ORDER BY entry DESC LIMIT ?`,
      [partitionOf(skuId), skuId, before, most],
    );
  const few = await heads(HEADS_FIRST);
  const span = spanOf(few, page);
  if (span.entries >= limit || few.length < HEADS_FIRST) return span;
  return spanOf(await heads(limit), page);
}

/** From the first entry of one chunk to that of another; so many of them are asked for. */
interface Span {
  entries: number;
  first: number;
  last: number;
}

function spanOf(heads: readonly Head[], { before, limit }: LedgerPage): Span {
  const span: Span = { entries: 0, first: 0, last: 0 };
  for (const head of heads) {
    if (span.entries >= limit) break;
    span.first = Number(head.entry);
    if (span.entries === 0) span.last = span.first;
    span.entries += Math.min(head.entries, before - span.first);
  }
  return span;
}
