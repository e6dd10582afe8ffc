// How a SKU's ledger lies in its table: one row holds the entries that one transaction wrote for one SKU,
// because a row for each of them took an eighth of what an order costs MySQL.
//
// `moves` is plain text: the entries in their order, separated by commas, each of them
//
//   [<reason>[<change>] ]<order id> <cause id>
//
// <reason> is the digit of LedgerReason, <change> what became available (+) or was taken (-). A change
// of 0 is not written, as in a confirm; nor is anything of the most frequent move, a reserve of one unit:
//
//   1+100  restock-7,812 r-a,2-3 813 r-b,4 812 r-a
//
// No id has a blank or a comma. A line feed would be two bytes in a statement, and be looked for.
//
// Invariant: entries that were put into chunks come out of them unchanged. The auditor reads the form
// with code of its own (launcher/audit/ledger-walk.ts), so that no mistake here hides itself from it.

import { assert } from '../../../platform/assert.js';
import { type LedgerEntry, LedgerReason } from '../../domain/stock.js';

/**
 * An entry has at most 149 characters (a reason, a sign, 16 digits, two ids of 64, two blanks and a
 * comma): 400 of them are 59,600, and TEXT holds 65,535. The table's own constraint says 400 too, and
 * whoever looks for an entry relies on it.
 */
export const CHUNK_ENTRIES_MAX = 400;

export interface LedgerChunk {
  readonly partition: number;
  readonly skuId: string;
  /** The number of the first of its entries, which have no gap. */
  readonly entry: number;
  readonly entries: number;
  /** Units before the first and after the last one. */
  readonly before: number;
  readonly after: number;
  readonly moves: string;
}

/** The entries of one transaction, whatever their SKUs; those of each SKU in their order. */
export function chunksOf(entries: readonly LedgerEntry[]): LedgerChunk[] {
  const chunks: OpenChunk[] = [];
  const newest = new Map<string, OpenChunk>();
  for (const entry of entries) {
    let chunk = newest.get(entry.skuId);
    if (chunk === undefined || chunk.entries === CHUNK_ENTRIES_MAX) {
      chunk = openChunk(entry);
      newest.set(entry.skuId, chunk);
      chunks.push(chunk);
    } else {
      const follows = entry.entry === chunk.entry + chunk.entries && entry.before === chunk.after;
      assert(follows, 'an entry of the ledger does not follow the one before');
      chunk.moves += `,${encode(entry)}`;
      chunk.entries += 1;
      chunk.after = entry.after;
    }
  }
  return chunks;
}

/** In ascending order. Throws when the text is damaged: nobody can go on from a guess. */
export function entriesOf(chunk: Omit<LedgerChunk, 'after'>): LedgerEntry[] {
  const { partition, skuId } = chunk;
  const lines = chunk.moves.split(',');
  const damage = `the ledger of ${skuId} is damaged at entry ${chunk.entry}`;
  assert(lines.length === chunk.entries, damage);
  let before = chunk.before;
  return lines.map((line, i) => {
    const parts = ONE.exec(line);
    assert(parts !== null, damage);
    const [, digit, change, orderId = '', causeId = ''] = parts;
    const reason = digit === undefined ? LedgerReason.RESERVE : (Number(digit) as LedgerReason);
    const entry = {
      partition,
      skuId,
      entry: chunk.entry + i,
      before,
      after: before + (digit === undefined ? -1 : Number(change ?? 0)),
      reason,
      orderId,
      causeId,
    };
    before = entry.after;
    return entry;
  });
}

interface OpenChunk extends LedgerChunk {
  entries: number;
  after: number;
  moves: string;
}

function openChunk(first: LedgerEntry): OpenChunk {
  const { partition, skuId, entry, before, after } = first;
  return { partition, skuId, entry, entries: 1, before, after, moves: encode(first) };
}

function encode({ reason, before, after, orderId, causeId }: LedgerEntry): string {
  assert(isId(orderId) && isId(causeId), 'the ledger cannot hold this id');
  const change = after - before;
  if (reason === LedgerReason.RESERVE && change === -1) return `${orderId} ${causeId}`;
  const signed = change === 0 ? '' : change > 0 ? `+${change}` : `${change}`;
  return `${reason}${signed} ${orderId} ${causeId}`;
}

// To look for a letter that is none takes a fourth of the time of matching the whole.
function isId(text: string): boolean {
  return text.length <= ID_LENGTH_MAX && !NO_LETTER.test(text);
}

const ID_LENGTH_MAX = 64;
const NO_LETTER = /[^A-Za-z0-9_.:-]/;
const ID = `([A-Za-z0-9_.:-]{0,${ID_LENGTH_MAX}})`;
const ONE = new RegExp(`^(?:([1-5])([+-][1-9][0-9]{0,15})? )?${ID} ${ID}$`);
