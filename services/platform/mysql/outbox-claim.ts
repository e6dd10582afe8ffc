// Claims due rows of the outbox for the relay of one server, for a lease.
// Rows are claimed by due_ms, never by "id greater than the last one": a row that commits late
// would be skipped for ever.
//
// Invariant: no row is claimed behind a gate that is not open: a copy that is still being made, or
// what a shard that moved away has left behind.

import { SHARDS } from '../shard.js';
import type { MysqlServer } from './connect.js';
import { type ClaimedEvent, type DueRow, keysOf, ROWS, toClaimed } from './outbox-rows.js';
import { enterGates } from './shard-gate.js';
import { NOW_MS } from './time.js';
import { type Tx, transact } from './transaction.js';

// Without the hint the optimizer sorts, and thereby locks, every due row.
const SELECT_DUE = `SELECT shard_no, aggregate_id, version, kind, payload, attempts
  FROM outbox FORCE INDEX (due)
  WHERE due_ms <= ${NOW_MS} AND parked_reason IS NULL AND kind IN (?) AND shard_no IN (?)
  ORDER BY due_ms LIMIT ? FOR UPDATE SKIP LOCKED`;

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

const LEASE = `UPDATE outbox SET due_ms = ${NOW_MS} + ?, attempts = attempts + 1 WHERE ${ROWS}`;

export interface ClaimOptions {
  readonly kinds: readonly string[];
  /** Those with an open gate on this server; without, all its rows count. */
  readonly openShards?: readonly number[] | undefined;
  readonly limit: number;
  readonly leaseMs: number;
  readonly deadlineMs: number;
}

/** Takes up to `limit` due rows for `leaseMs`; nobody else is handed them in that time. */
export async function claimDue(server: MysqlServer, o: ClaimOptions): Promise<ClaimedEvent[]> {
  const gated = o.openShards !== undefined;
  const shards = o.openShards ?? ALL_SHARDS;
  if (shards.length === 0) return [];
  const options = { name: 'outbox.claim', deadlineMs: o.deadlineMs, gated };
  return await transact(server, options, async (tx) => {
    const due = (await tx.rows<DueRow>(SELECT_DUE, [o.kinds, shards, o.limit])).map(toClaimed);
    const events = gated && due.length > 0 ? await withinGates(tx, due) : due;
    if (events.length === 0) return [];
    await tx.change(LEASE, [o.leaseMs, keysOf(events)]);
    return events;
  });
}

async function withinGates(tx: Tx, due: ClaimedEvent[]): Promise<ClaimedEvent[]> {
  const { refused } = await enterGates(
    tx,
    due.map(({ shard }) => shard),
  );
  return due.filter(({ shard }) => !refused.has(shard));
}
