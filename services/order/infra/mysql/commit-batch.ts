// Commits the orders of one server in one transaction: the group commit of the saga.
//
// 1. The first attempt inserts what has no known earlier copy without reading anything. When a key
//    is already taken, everything is rolled back and done again with reads.
// 2. A COMMIT without an answer is not an error: the same batch again finds its own rows.
// 3. Two copies of one request in one batch share one order; the first of them makes it.
//
// Invariant: one order per (user, request id), and none under the id of a tombstone; both are held
// by unique keys, the reads only find out what to answer.

import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import {
  type SqlValue,
  type Tx,
  transact,
  UnknownOutcomeError,
} from '../../../platform/mysql/transaction.js';
import type { CommitResult, NewOrder } from '../../app/ports.js';
import { payloadOf } from '../../domain/effects.js';
import type { Order } from '../../domain/order.js';
import {
  INSERT_LINES,
  INSERT_ORDERS,
  INSERT_TRANSITIONS,
  lineValues,
  orderValues,
  transitionValues,
  VOID_STATE,
} from './order-rows.js';
import { selectByIds, selectByRequests, selectIn, withLines } from './read-orders.js';

export interface CommitBatchOptions {
  readonly server: MysqlServer;
  readonly outbox: Outbox;
  readonly deadlineMs: number;
  /** How often a batch is repeated whose COMMIT was not answered. */
  readonly unknownMax: number;
}

/** What is known about a batch before an attempt. */
interface Attempt {
  /** Keys may be taken by anybody: look first. */
  readonly careful: boolean;
  /** Ids that an earlier attempt may have committed. */
  readonly ours: ReadonlySet<bigint>;
}

export async function commitBatch(
  o: CommitBatchOptions,
  items: readonly NewOrder[],
): Promise<CommitResult[]> {
  const ours = new Set<bigint>();
  for (let attempt = 1; ; attempt++) {
    try {
      return await commitOnce(o, items, ours);
    } catch (error) {
      const unknown = error instanceof UnknownOutcomeError;
      if (!unknown || attempt >= o.unknownMax || Date.now() >= o.deadlineMs) throw error;
    }
  }
}

function commitOnce(
  o: CommitBatchOptions,
  items: readonly NewOrder[],
  ours: Set<bigint>,
): Promise<CommitResult[]> {
  let tries = 0;
  const options = {
    name: 'order.commit',
    deadlineMs: o.deadlineMs,
    duplicateKeyRetries: true,
  };
  const careful = ours.size > 0;
  return transact(o.server, options, async (tx) => {
    tries += 1;
    return write(tx, o.outbox, items, { careful: careful || tries > 1, ours });
  }).catch((error: unknown) => {
    for (const item of items) ours.add(item.orderId);
    throw error;
  });
}

async function write(
  tx: Tx,
  outbox: Outbox,
  items: readonly NewOrder[],
  attempt: Attempt,
): Promise<CommitResult[]> {
  const nowMs = await readNow(tx);
  const known = await readKnown(tx, items, attempt.careful);
  const made = new Map<string, Order>();
  const results = items.map((item): CommitResult => {
    const key = requestKey(item);
    const existing = known.orders.get(key) ?? made.get(key);
    if (existing) return answerExisting(item, existing, attempt.ours);
    if (known.barred.has(item.orderId)) return { outcome: 'REQUEST_CLOSED' };
    const order = newOrder(item, nowMs);
    made.set(key, order);
    return { outcome: 'COMMITTED', order };
  });
  if (made.size > 0) await insert(tx, outbox, [...made.values()].sort(byKey), nowMs);
  return results;
}

async function readNow(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ now_ms: string }>(`SELECT ${NOW_MS} AS now_ms`);
  return Number(row?.now_ms);
}

interface Known {
  /** By request key. */
  readonly orders: Map<string, Order>;
  /** Ids with a tombstone. */
  readonly barred: Set<bigint>;
}

async function readKnown(tx: Tx, items: readonly NewOrder[], careful: boolean): Promise<Known> {
  const orders = new Map<string, Order>();
  const barred = new Set<bigint>();
  const suspects = careful ? items : items.filter((item) => !item.fresh);
  if (suspects.length === 0) return { orders, barred };
  const select = selectIn(tx);
  const requests = suspects.map((item) => ({ ...item, shard: geneOf(item.orderId) }));
  const rows = await selectByRequests(select, requests);
  for (const order of await withLines(select, rows)) orders.set(requestKey(order), order);
  const open = suspects.filter((item) => !orders.has(requestKey(item)));
  if (open.length === 0) return { orders, barred };
  for (const row of await selectByIds(
    select,
    open.map((item) => item.orderId),
  )) {
    if (row.state === VOID_STATE) barred.add(BigInt(row.order_id));
  }
  return { orders, barred };
}

function answerExisting(item: NewOrder, order: Order, ours: ReadonlySet<bigint>): CommitResult {
  if (order.fingerprint !== item.fingerprint) return { outcome: 'REQUEST_ID_REUSED' };
  const mine = item.fresh && order.orderId === item.orderId && ours.has(order.orderId);
  return { outcome: mine ? 'COMMITTED' : 'EXISTING', order };
}

function newOrder(item: NewOrder, nowMs: number): Order {
  return {
    orderId: item.orderId,
    userId: item.userId,
    requestId: item.requestId,
    fingerprint: item.fingerprint,
    type: item.type,
    state: 'PENDING_PAYMENT',
    version: 1,
    currency: item.currency,
    totalMinor: item.totalMinor,
    discountMinor: item.discountMinor,
    payableMinor: item.payableMinor,
    paymentDeadlineMs: nowMs + item.paymentWindowMs,
    paidMs: undefined,
    carrier: undefined,
    trackingNumber: undefined,
    createdMs: nowMs,
    updatedMs: nowMs,
    lines: item.lines,
    transitions: [],
  };
}

async function insert(tx: Tx, outbox: Outbox, orders: Order[], nowMs: number): Promise<void> {
  const lines: SqlValue[][] = [];
  const transitions: SqlValue[][] = [];
  for (const order of orders) {
    const { orderId } = order;
    for (let i = 0; i < order.lines.length; i++) {
      lines.push(lineValues(orderId, order.lines[i] as Order['lines'][number], i));
    }
    const to = order.state;
    const by = { from: undefined, to, operator: 'user', remark: '' } as const;
    transitions.push(transitionValues(orderId, { version: 1, ...by, atMs: nowMs }));
  }
  await tx.change(INSERT_ORDERS, [orders.map(orderValues)]);
  await tx.change(INSERT_LINES, [lines]);
  await tx.change(INSERT_TRANSITIONS, [transitions]);
  await outbox.append(tx, orders.map(createdEvent), nowMs);
}

export function createdEvent(order: Order): OutboxEvent {
  return {
    shard: geneOf(order.orderId),
    aggregateId: order.orderId.toString(),
    version: 1,
    kind: 'order.created',
    payload: payloadOf('order.created', order),
  };
}

// User and request ids hold no space.
function requestKey(of: { userId: string; requestId: string }): string {
  return `${of.userId} ${of.requestId}`;
}

// In key order, so that concurrent batches queue up instead of waiting for each other in a circle.
function byKey(a: Order, b: Order): number {
  const shards = geneOf(a.orderId) - geneOf(b.orderId);
  if (shards !== 0) return shards;
  return a.orderId < b.orderId ? -1 : 1;
}
