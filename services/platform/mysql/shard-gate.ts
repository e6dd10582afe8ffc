// The gate of a shard: one row per shard on every server, which says whether rows of the shard may be
// read and written there (docs/decisions/0004). Whoever writes rows of a shard locks its gate shared
// until the end of the transaction; a mover changes the gate, and so waits for all who are under way.
//
// Invariant: at most one server has a gate of a shard OPEN or CLOSED, and only there do rows count.
//
// Each service that can move its shards puts SHARD_GATE_TABLE into a migration, word for word.

import { assert } from '../assert.js';
import { NOW_MS } from './time.js';
import type { SqlParameter } from './values.js';

export const SHARD_GATE_TABLE = `CREATE TABLE IF NOT EXISTS shard_gate (
  shard_no TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  state TINYINT NOT NULL,
  epoch BIGINT NOT NULL,
  peer VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  touched_ms BIGINT NOT NULL,
  CONSTRAINT gate_holds CHECK (state BETWEEN 1 AND 4)
) ENGINE = InnoDB`;

/**
 * OPEN: the owner. CLOSED: still the owner, but nothing is written until the move is over.
 * RECEIVING: a copy that does not count yet. AWAY: whatever lies here does not count.
 */
export const gateStates = { OPEN: 1, CLOSED: 2, RECEIVING: 3, AWAY: 4 } as const;
export type GateState = keyof typeof gateStates;

/** Answered in place of a result by whoever found the shard's gate shut: nothing was done. */
export const NOT_OWNER = 'NOT_OWNER';
export type NotOwner = typeof NOT_OWNER;

/**
 * The condition of a SELECT that reads rows of a table where they count. A subquery and no join: its
 * place in the plan is fixed, and `shard_no` stays unambiguous.
 */
export function ownedHere(table: string): string {
  return `(SELECT gate.state FROM shard_gate gate WHERE gate.shard_no = ${table}.shard_no)
    IN (${gateStates.OPEN}, ${gateStates.CLOSED})`;
}

/**
 * What a transaction locks before it writes, in place of reading the clock. The state is not in the
 * condition: READ COMMITTED gives up the locks of rows that do not match. Without the hint a list of
 * half the shards would scan, and wait for, all of them.
 */
export const LOCK_GATES = `SELECT shard_no, state, ${NOW_MS} AS now_ms
  FROM shard_gate FORCE INDEX (PRIMARY) WHERE shard_no IN (?) LOCK IN SHARE MODE`;

export interface Entered {
  /** By the server's clock, before the gates were locked or at that moment. */
  readonly nowMs: number;
  /** Shards that may not be written here now. */
  readonly refused: ReadonlySet<number>;
}

/** Inside a transaction, before its first write. What is refused must be left out. */
export async function enterGates(
  tx: { rows<T>(sql: string, values?: readonly SqlParameter[]): Promise<T[]> },
  shards: Iterable<number>,
): Promise<Entered> {
  const wanted = new Set(shards);
  const rows = await tx.rows<LockedGate>(LOCK_GATES, [[...wanted]]);
  const [first] = rows;
  assert(first, 'every server has a gate for every shard');
  // A gate that is not there is as good as shut.
  for (const row of rows) if (row.state === gateStates.OPEN) wanted.delete(row.shard_no);
  return { nowMs: Number(first.now_ms), refused: wanted };
}

interface LockedGate {
  shard_no: number;
  state: number;
  now_ms: string;
}
