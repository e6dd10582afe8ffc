// The outbox table and the statements on it. A row is an event that somebody still has to hear of.
// They are claimed by outbox-claim.ts.
//
// Each service puts OUTBOX_TABLE into a migration of its own, word for word.

import { assert } from '../assert.js';
import type { TraceContext, Traced } from '../telemetry/trace-context.js';
import type { MysqlServer } from './connect.js';
import { inShards } from './in-shards.js';
import { readPayload, storedPayload } from './outbox-trace.js';
import { NOW_MS } from './time.js';
import { change, read, type SqlValue, type Tx } from './transaction.js';

export const OUTBOX_TABLE = `CREATE TABLE IF NOT EXISTS outbox (
  shard_no TINYINT UNSIGNED NOT NULL,
  aggregate_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT NOT NULL,
  kind VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload TEXT NOT NULL,
  due_ms BIGINT NOT NULL,
  attempts INT NOT NULL,
  parked_reason VARCHAR(200) NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (shard_no, aggregate_id, version, kind),
  KEY due (due_ms)
) ENGINE = InnoDB`;

export interface OutboxEvent extends Traced {
  shard: number;
  aggregateId: string;
  version: number;
  kind: string;
  /** Plain JSON: what the relay hands over was written and read back as JSON. */
  payload: unknown;
  /** The span that caused it, when that is recorded; `span` is that of its delivery. */
  trace?: TraceContext | undefined;
}

export interface ClaimedEvent extends OutboxEvent {
  /** Including the present one. */
  attempts: number;
  /** Its payload cannot be read; there is nothing to hand to a handler. */
  corrupt: boolean;
}

export interface StoredEvent extends ClaimedEvent {
  readonly parked: boolean;
}

// Parked rows sort behind all that will ever be due, so the claim does not wade through them.
const PARKED_DUE_MS = Number.MAX_SAFE_INTEGER;

const REASON_CHARS_MAX = 200;

const INSERT = `INSERT INTO outbox
  (shard_no, aggregate_id, version, kind, payload, due_ms, attempts, created_ms) VALUES ?`;

const SELECT_OF_KIND = `SELECT shard_no, aggregate_id, version, kind, payload, attempts,
  parked_reason IS NOT NULL AS parked FROM outbox`;

export const ROWS = '(shard_no, aggregate_id, version, kind) IN (?)';

const DELETE = `DELETE FROM outbox WHERE ${ROWS}`;

// The shift is capped because 63 doublings overflow.
const POSTPONE = `UPDATE outbox
  SET due_ms = ${NOW_MS} + LEAST(?, ? * (1 << LEAST(GREATEST(attempts, 1) - 1, 20)))
  WHERE ${ROWS}`;

const PARK = `UPDATE outbox SET parked_reason = ?, due_ms = ? WHERE ${ROWS}`;

const BACKLOG = `SELECT COUNT(*) AS waiting, COALESCE(SUM(parked_reason IS NOT NULL), 0) AS parked,
  COALESCE(${NOW_MS} - MIN(created_ms), 0) AS oldest_age_ms FROM outbox WHERE shard_no IN (?)`;

export interface Backlog {
  /** All rows, parked ones included. */
  waiting: number;
  parked: number;
  oldestAgeMs: number;
}

export function insertEvents(
  tx: Pick<Tx, 'changeLater'>,
  events: readonly OutboxEvent[],
  nowMs: number,
  dueMs: number,
): void {
  if (events.length === 0) return;
  const rows = events.map((event) => {
    const payload = JSON.stringify(storedPayload(event));
    assert(typeof payload === 'string', `outbox payload of ${event.kind} is not JSON`);
    return [...keyOf(event), payload, dueMs, 0, nowMs];
  });
  tx.changeLater(INSERT, [rows]);
}

/** What the outbox still has of one kind for some aggregates of one server, in key order. */
export async function readOfAggregates(
  server: MysqlServer,
  o: {
    kind: string;
    aggregates: Iterable<readonly [shard: number, aggregateId: string]>;
    limit: number;
    deadlineMs: number;
  },
): Promise<StoredEvent[]> {
  const { sql, values } = inShards('aggregate_id', o.aggregates);
  const rows = await read<DueRow & { parked: number }>(
    server,
    { deadlineMs: o.deadlineMs },
    `${SELECT_OF_KIND} WHERE ${sql} AND kind = ?
      ORDER BY shard_no, aggregate_id, version LIMIT ?`,
    [...values, o.kind, o.limit],
  );
  return rows.map((row) => ({ ...toClaimed(row), parked: Number(row.parked) === 1 }));
}

/** Repeatable: a row that is already gone is as good as deleted. */
export async function deleteEvents(
  server: MysqlServer,
  events: readonly OutboxEvent[],
  deadlineMs: number,
): Promise<void> {
  await change(server, { deadlineMs }, DELETE, [keysOf(events)]);
}

/** Makes them due again after a delay that doubles with every attempt. */
export async function postponeEvents(
  server: MysqlServer,
  events: readonly OutboxEvent[],
  o: { delayMsMin: number; delayMsMax: number; deadlineMs: number },
): Promise<void> {
  const values = [o.delayMsMax, o.delayMsMin, keysOf(events)];
  await change(server, { deadlineMs: o.deadlineMs }, POSTPONE, values);
}

/** Sets them aside until an operator clears parked_reason and sets attempts and due_ms to 0. */
export async function parkEvents(
  server: MysqlServer,
  events: readonly OutboxEvent[],
  reason: string,
  deadlineMs: number,
): Promise<void> {
  const values = [reason.slice(0, REASON_CHARS_MAX), PARKED_DUE_MS, keysOf(events)];
  await change(server, { deadlineMs }, PARK, values);
}

/** Of shards whose rows count on the server. */
export async function readBacklog(
  server: MysqlServer,
  shards: readonly number[],
  deadlineMs: number,
): Promise<Backlog> {
  if (shards.length === 0) return { waiting: 0, parked: 0, oldestAgeMs: 0 };
  const [row] = await read<Record<'waiting' | 'parked' | 'oldest_age_ms', string | number>>(
    server,
    { deadlineMs },
    BACKLOG,
    [shards],
  );
  assert(row, 'an aggregate answers one row');
  return {
    waiting: Number(row.waiting),
    parked: Number(row.parked),
    oldestAgeMs: Number(row.oldest_age_ms),
  };
}

export interface DueRow {
  shard_no: number;
  aggregate_id: string;
  version: string;
  kind: string;
  payload: string;
  attempts: number;
}

export function toClaimed(row: DueRow): ClaimedEvent {
  const payload = parse(row.payload);
  return {
    shard: row.shard_no,
    aggregateId: row.aggregate_id,
    version: Number(row.version),
    kind: row.kind,
    ...readPayload(payload),
    attempts: row.attempts + 1,
    corrupt: payload === undefined,
  };
}

// JSON has no undefined, so it is free to stand for "not JSON".
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keyOf(event: OutboxEvent): SqlValue[] {
  return [event.shard, event.aggregateId, event.version, event.kind];
}

// In key order, so that two statements on the same rows lock them in the same order.
export function keysOf(events: readonly OutboxEvent[]): SqlValue[][] {
  return [...events].sort(byKey).map(keyOf);
}

function byKey(a: OutboxEvent, b: OutboxEvent): number {
  if (a.shard !== b.shard) return a.shard - b.shard;
  if (a.aggregateId !== b.aggregateId) return a.aggregateId < b.aggregateId ? -1 : 1;
  if (a.version !== b.version) return a.version - b.version;
  return a.kind < b.kind ? -1 : 1;
}
