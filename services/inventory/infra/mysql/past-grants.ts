// Reads what SKUs have granted, newest first, a window of ledger entries at a time and without locks.
//
// Whoever reads has bumped the epoch before, so that below the version he saw nothing can be added any
// more: every reserve of an older epoch has committed, or will find its epoch gone.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { read } from '../../../platform/mysql/transaction.js';
import type { GrantsPage } from '../../app/ports.js';
import { RETRY_HORIZON_MS } from '../../domain/reservation.js';
import { LedgerReason } from '../../domain/stock.js';
import { CHUNK_COLUMNS, type ChunkRecord, entriesIn } from './ledger.js';
import { CHUNK_ENTRIES_MAX } from './ledger-chunk.js';

/** Entries below `belowEntry`, as many as `entriesMax`. Confirms and releases are entries too. */
export interface LedgerWindow {
  readonly partition: number;
  readonly skuId: string;
  readonly belowEntry: number;
  readonly entriesMax: number;
}

interface GrantRecord extends ChunkRecord {
  too_old: number;
}

/** One page per window, in the same order; no two windows are of one SKU. */
export async function readPastGrants(
  server: MysqlServer,
  windows: readonly LedgerWindow[],
  o: { deadlineMs: number },
): Promise<GrantsPage[]> {
  const written = windows.filter((window) => window.belowEntry > 1);
  if (written.length === 0) return windows.map(() => ({ grants: [], nextEntry: undefined }));
  // A chunk belongs to a window if one of its entries does. The lower bound of its own number says to
  // the server where to begin; the rest is arithmetic on what it reads anyway.
  const one = `(shard_no = ? AND sku_id = ? AND entry > ? AND entry < ? AND entry + entries > ?)`;
  const records = await read<GrantRecord>(
    server,
    o,
    `SELECT ${CHUNK_COLUMNS}, at_ms < ${NOW_MS} - ? AS too_old FROM ledger_chunk
     WHERE ${new Array(written.length).fill(one).join(' OR ')}`,
    [
      RETRY_HORIZON_MS,
      ...written.flatMap((window) => {
        const { partition, skuId, belowEntry } = window;
        const oldest = oldestOf(window);
        return [partition, skuId, oldest - CHUNK_ENTRIES_MAX, belowEntry, oldest];
      }),
    ],
  );
  const bySku = new Map<string, GrantRecord[]>();
  for (const record of records) {
    const group = bySku.get(record.sku_id);
    if (group === undefined) bySku.set(record.sku_id, [record]);
    else group.push(record);
  }
  return windows.map((window) => pageOf(window, bySku.get(window.skuId) ?? []));
}

function pageOf(window: LedgerWindow, records: readonly GrantRecord[]): GrantsPage {
  const oldest = oldestOf(window);
  const last = records.find(({ entry, entries }) => {
    return Number(entry) <= oldest && oldest < Number(entry) + entries;
  });
  // Entries have no gaps: where the oldest is missing, the ledger has been cut below the horizon.
  const ended = oldest <= 1 || last === undefined || last.too_old === 1;
  const entries = records.flatMap((record) => entriesIn(record, window.partition));
  const grants = entries.filter(({ entry, reason }) => {
    return reason === LedgerReason.RESERVE && entry >= oldest && entry < window.belowEntry;
  });
  return {
    grants: grants.map(({ causeId, orderId }) => ({ reservationId: causeId, orderId })),
    nextEntry: ended ? undefined : oldest,
  };
}

function oldestOf(window: LedgerWindow): number {
  return Math.max(1, window.belowEntry - window.entriesMax);
}
