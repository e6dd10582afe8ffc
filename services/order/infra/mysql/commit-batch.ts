// Commits the orders of one server in one transaction: the group commit of the saga.
//
// 1. The first attempt inserts what has no known earlier copy without reading anything. When a key
//    is already taken, everything is rolled back and done again with reads.
// 2. A COMMIT without an answer is not an error: the same batch again finds its own rows.
// 3. Two copies of one request in one batch share one order; the first of them makes it.
//
// Invariant: one order per (user, request id), and none under the id of a tombstone; both are held
// by unique keys, the reads only find out what to answer.

import { crashPoint } from '../../../platform/crash-point.js';
import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { insertRowsLater } from '../../../platform/mysql/insert-rows.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import { enterGates, NOT_OWNER, type NotOwner } from '../../../platform/mysql/shard-gate.js';
import { type SqlValue, type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { CommitResult, NewOrder } from '../../app/ports.js';
import { payloadOf } from '../../domain/effects.js';
import type { Order } from '../../domain/order.js';
import { placedEvent } from './changed-event.js';
import { withTraces } from './event-traces.js';
import { LINES, lineValues } from './line-rows.js';
import { VOID_STATE } from './order-codes.js';
import { ORDERS, orderValues } from './order-rows.js';
import { selectByIds, selectByRequests, selectIn, withLines } from './read-orders.js';
import { repeatUnknown } from './repeat-unknown.js';
import {
  INSERT_SNAPSHOTS,
  type MissingSnapshot,
  type StoredSnapshots,
  snapshotValues,
} from './stored-snapshots.js';

export interface CommitBatchOptions {
  readonly server: MysqlServer;
  readonly outbox: Outbox;
  /** Whether the public hears of new orders. */
  readonly announced: boolean;
  readonly deadlineMs: number;
  /** How often a batch is repeated whose COMMIT was not answered. */
  readonly unknownMax: number;
  readonly snapshots: StoredSnapshots;
}

/** What is known about a batch before an attempt. */
interface Attempt {
  /** Keys may be taken by anybody: look first. */
  readonly careful: boolean;
  /** Ids that an earlier attempt may have committed. */
  readonly ours: ReadonlySet<bigint>;
}

export function commitBatch(
  o: CommitBatchOptions,
  items: readonly NewOrder[],
): Promise<(CommitResult | NotOwner)[]> {
  const ours = new Set<bigint>();
  return repeatUnknown(o, () => commitOnce(o, items, ours));
}

async function commitOnce(
  o: CommitBatchOptions,
  items: readonly NewOrder[],
  ours: Set<bigint>,
): Promise<(CommitResult | NotOwner)[]> {
  let tries = 0;
  const options = {
    name: 'order.commit',
    deadlineMs: o.deadlineMs,
    duplicateKeyRetries: true,
    gated: true,
  };
  const careful = ours.size > 0;
  try {
    const { results, snapshots } = await transact(o.server, options, async (tx) => {
      tries += 1;
      return write(tx, o, items, { careful: careful || tries > 1, ours });
    });
    o.snapshots.add(snapshots);
    return results;
  } catch (error) {
    for (const item of items) ours.add(item.orderId);
    throw error;
  }
}

interface Written {
  readonly results: (CommitResult | NotOwner)[];
  /** Stored for certain once the transaction is. */
  readonly snapshots: readonly MissingSnapshot[];
}

async function write(
  tx: Tx,
  { outbox, snapshots, announced }: CommitBatchOptions,
  items: readonly NewOrder[],
  attempt: Attempt,
): Promise<Written> {
  const { nowMs, refused } = await enterGates(
    tx,
    items.map((item) => geneOf(item.orderId)),
  );
  const away = (item: NewOrder) => refused.size > 0 && refused.has(geneOf(item.orderId));
  const here = refused.size > 0 ? items.filter((item) => !away(item)) : items;
  const known = await readKnown(tx, here, attempt.careful);
  const made = new Map<string, Order>();
  const results = items.map((item): CommitResult | NotOwner => {
    if (away(item)) return NOT_OWNER;
    const key = requestKey(item);
    const existing = known.orders.get(key) ?? made.get(key);
    if (existing) return answerExisting(item, existing, attempt.ours);
    if (known.barred.has(item.orderId)) return { outcome: 'REQUEST_CLOSED' };
    const order = newOrder(item, nowMs);
    made.set(key, order);
    return { outcome: 'COMMITTED', order };
  });
  const orders = [...made.values()].sort(byKey);
  const missing = snapshots.missing(orders);
  if (orders.length > 0) {
    if (missing.length > 0) insertSnapshots(tx, missing, nowMs);
    insert(tx, orders);
    const intended = new Set(items.map((item) => item.intended && item.orderId));
    const open = orders.filter(({ orderId }) => !intended.has(orderId));
    const news = announced ? orders.map(placedEvent) : [];
    const events = withTraces([...open.map(createdEvent), ...news], items);
    outbox.append(tx, events, nowMs);
    crashPoint('commit.before-commit');
  }
  return { results, snapshots: missing };
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
    details: item.details,
    state: 'PENDING_PAYMENT',
    version: 1,
    currency: item.currency,
    totalMinor: item.totalMinor,
    discountMinor: item.discountMinor,
    payableMinor: item.payableMinor,
    presale: item.presale,
    paymentDeadlineMs: nowMs + item.paymentWindowMs,
    paidMs: undefined,
    carrier: undefined,
    trackingNumber: undefined,
    createdMs: nowMs,
    updatedMs: nowMs,
    lines: item.lines,
    transitions: [],
    tracking: [],
    refunds: [],
  };
}

function insertSnapshots(tx: Tx, missing: MissingSnapshot[], nowMs: number): void {
  tx.changeLater(INSERT_SNAPSHOTS, [missing.map((each) => snapshotValues(each, nowMs))]);
}

function insert(tx: Tx, orders: Order[]): void {
  const lines: SqlValue[][] = [];
  for (const order of orders) {
    const { orderId } = order;
    for (let i = 0; i < order.lines.length; i++) {
      lines.push(lineValues(orderId, order.lines[i] as Order['lines'][number], i));
    }
  }
  insertRowsLater(tx, ORDERS, orders.map(orderValues));
  insertRowsLater(tx, LINES, lines);
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
