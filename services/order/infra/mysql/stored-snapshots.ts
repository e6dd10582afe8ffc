// Which snapshots are in the database already, as far as this process knows, so that a flash sale
// writes the snapshot of its offer once per shard and not once per order.
//
// Invariant: what counts as stored was committed. What is forgotten is written again, which changes
// nothing: a snapshot is named by its content and never changes.

import { geneOf } from '../../../platform/ids.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { Order, OrderLine } from '../../domain/order.js';
import { attributesText } from './attributes-text.js';

/** Concurrent batches may write the same one; the second finds it and leaves it. */
export const INSERT_SNAPSHOTS = `INSERT INTO snapshot
  (shard_no, hash, title, currency, unit_price_minor, attributes, created_ms) VALUES ?
  ON DUPLICATE KEY UPDATE hash = snapshot.hash`;

/** A thousand busy offers in each of 64 shards: 10 MB. */
const KNOWN_MAX = 64_000;

export interface MissingSnapshot {
  readonly key: string;
  readonly shard: number;
  readonly line: OrderLine;
  readonly currency: string;
}

export class StoredSnapshots {
  readonly #known = new Set<string>();

  /** Those of some orders that have to be written with them, in key order. */
  missing(orders: readonly Order[]): MissingSnapshot[] {
    const found = new Map<string, MissingSnapshot>();
    for (const { orderId, currency, lines } of orders) {
      const shard = geneOf(orderId);
      for (const line of lines) {
        const key = `${shard} ${line.snapshotHash}`;
        if (!this.#known.has(key)) found.set(key, { key, shard, line, currency });
      }
    }
    if (found.size < 2) return [...found.values()];
    // So that concurrent batches queue up instead of waiting for each other in a circle.
    return [...found.values()].sort(byKey);
  }

  /** After their commit. */
  add(snapshots: readonly MissingSnapshot[]): void {
    for (const { key } of snapshots) {
      this.#known.add(key);
      const [oldest] = this.#known;
      if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    }
  }
}

export function snapshotValues(missing: MissingSnapshot, nowMs: number): SqlValue[] {
  const { shard, line, currency } = missing;
  const { snapshotHash, title, unitPriceMinor, attributes } = line;
  return [shard, snapshotHash, title, currency, unitPriceMinor, attributesText(attributes), nowMs];
}

function byKey(a: MissingSnapshot, b: MissingSnapshot): number {
  if (a.shard !== b.shard) return a.shard - b.shard;
  return a.line.snapshotHash < b.line.snapshotHash ? -1 : 1;
}
