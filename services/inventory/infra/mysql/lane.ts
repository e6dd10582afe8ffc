// What one MySQL server does for the book: batches of settles, closings and reads. What gathers while a
// batch is in flight becomes the next one.

import { Batcher } from '../../../platform/batcher.js';
import { crashPoint } from '../../../platform/crash-point.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { serverSpan } from '../../../platform/mysql/server-span.js';
import type { CloseOutcome, Closing, Refund } from '../../domain/close.js';
import type { Grant, KnownResult, Part, SettleResult } from '../../domain/reservation.js';
import type { StockChange, StockRow } from '../../domain/stock.js';
import { closeBatch } from './close-batch.js';
import { readKnown } from './known-parts.js';
import { resolved } from './resolved.js';
import { readStocks } from './rows.js';
import { settleBatch } from './settle-batch.js';

/** Twice the batch takes a sixth off the processor time of a reservation; a hot row's takes 10 ms. */
const BATCH_ITEMS_MAX = 512;
/** 16 batches: what a server works off in some 250 ms; more would only wait for its deadline. */
const QUEUE_MAX = 16 * BATCH_ITEMS_MAX;
const QUEUE_AGE_MS_MAX = 2_000;
/**
 * The second waits for the first one's hot rows, and takes them while the first flushes its log: locks
 * are given up before the flush. A third would only wait.
 */
const CONCURRENCY = 2;
/** Once Redis has granted, the settle is finished whatever the caller's deadline. */
const SETTLE_MS_MIN = 2_000;

const BOUNDS = {
  itemsMax: BATCH_ITEMS_MAX,
  queueMax: QUEUE_MAX,
  ageMsMax: QUEUE_AGE_MS_MAX,
  concurrency: CONCURRENCY,
};

export interface Lane {
  readonly settle: Batcher<Grant, SettleResult>;
  readonly close: Batcher<Closing, CloseOutcome>;
  readonly known: Batcher<Part, KnownResult | undefined>;
  readonly stock: Batcher<readonly [number, string], StockRow | undefined>;
}

export interface LaneNews {
  readonly holdMs: number;
  readonly changed: (changes: readonly StockChange[]) => void;
  readonly refunded: (refunds: readonly Refund[]) => void;
}

export function openLane(server: MysqlServer, o: LaneNews): Lane {
  return { ...writing(server, o), ...reading(server) };
}

export async function closeLane(lane: Lane): Promise<void> {
  await Promise.all(
    Object.values(lane).map((batcher: { stop(): Promise<void> }) => batcher.stop()),
  );
}

function writing(server: MysqlServer, o: LaneNews): Pick<Lane, 'settle' | 'close'> {
  return {
    settle: new Batcher({
      ...BOUNDS,
      name: `settle ${server.name}`,
      ...serverSpan(server, 'inventory.settle'),
      run: async (grants, batch) => {
        const options = { deadlineMs: finishBy(batch.deadlineMs), holdMs: o.holdMs };
        const { results, changes } = await resolved(() => settleBatch(server, grants, options));
        crashPoint('settle.after-commit');
        o.changed(changes);
        return results;
      },
    }),
    close: new Batcher({
      ...BOUNDS,
      name: `close ${server.name}`,
      ...serverSpan(server, 'inventory.close'),
      run: async (closings, batch) => {
        // Not resolved by asking again: the refunds of an unknown first try would be lost, and the
        // caller's retry finds the reservation closed. The auditor finds the difference.
        const options = { deadlineMs: finishBy(batch.deadlineMs) };
        const result = await closeBatch(server, closings, options);
        crashPoint('close.after-commit');
        if (result.refunds.length > 0) o.refunded(result.refunds);
        o.changed(result.changes);
        return result.outcomes;
      },
    }),
  };
}

function reading(server: MysqlServer): Pick<Lane, 'known' | 'stock'> {
  return {
    known: new Batcher({
      ...BOUNDS,
      name: `known ${server.name}`,
      ...serverSpan(server, 'inventory.known'),
      run: (parts, batch) => readKnown(server, parts, batch),
    }),
    stock: new Batcher({
      ...BOUNDS,
      name: `stock ${server.name}`,
      run: async (skus, batch) => {
        const rows = await readStocks(server, skus, batch);
        const bySku = new Map(rows.map((row) => [row.skuId, row]));
        return skus.map(([, skuId]) => bySku.get(skuId));
      },
    }),
  };
}

function finishBy(deadlineMs: number): number {
  return Math.max(deadlineMs, Date.now() + SETTLE_MS_MIN);
}
