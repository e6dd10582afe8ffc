// Applies the events of one server's orders in one transaction: rows are locked, the domain decides,
// and change, transition and effects are written together.
//
// Several events of one order in one batch are applied one after the other, each answered with the
// order as it left it. A COMMIT without an answer is repeated: an event that was applied then finds
// the order as it wanted it.

import { assert } from '../../../platform/assert.js';
import { crashPoint } from '../../../platform/crash-point.js';
import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import { NOT_OWNER, type NotOwner } from '../../../platform/mysql/shard-gate.js';
import { type SqlValue, type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { Span, Traced } from '../../../platform/telemetry/trace-context.js';
import type { ChangeResult } from '../../app/ports.js';
import { payloadOf } from '../../domain/effects.js';
import { refundedMinor } from '../../domain/line-refund.js';
import type { Order } from '../../domain/order.js';
import { dueMsOf } from '../../domain/presale.js';
import { applyChange, decide, type OrderEvent } from '../../domain/transition.js';
import { changedEvent } from './changed-event.js';
import { lockOrders } from './lock-orders.js';
import { stateCodes } from './order-codes.js';
import { shardAndId } from './order-rows.js';
import { INSERT_REFUNDS, refundValues } from './refund-rows.js';
import { repeatUnknown } from './repeat-unknown.js';
import { INSERT_TRANSITIONS, transitionValues } from './transition-rows.js';

export interface ChangeItem extends Traced {
  readonly orderId: bigint;
  readonly event: OrderEvent;
}

export interface ChangeBatchOptions {
  readonly server: MysqlServer;
  readonly outbox: Outbox;
  readonly deadlineMs: number;
  readonly unknownMax: number;
  /** Whether the public hears of changes. */
  readonly announced: boolean;
}

/** What the events of a batch have come to, before any of it is written. */
class Changes {
  readonly orders = new Map<bigint, Order>();
  readonly before = new Map<bigint, Order>();
  readonly transitions: SqlValue[][] = [];
  readonly refunds: SqlValue[][] = [];
  readonly effects: OutboxEvent[] = [];
  readonly #announced: boolean;

  constructor(orders: readonly Order[], announced: boolean) {
    this.#announced = announced;
    for (const order of orders) this.orders.set(order.orderId, order);
  }

  apply(item: ChangeItem, nowMs: number): ChangeResult {
    const order = this.orders.get(item.orderId);
    if (!order) return { outcome: 'ORDER_UNKNOWN' };
    const decision = decide(order, item.event);
    switch (decision.outcome) {
      case 'UNCHANGED':
      case 'VERSION_MISMATCH':
        return { outcome: decision.outcome, order };
      case 'TRANSITION_ILLEGAL':
        return { ...decision, order };
      case 'REFUND':
      case 'MISMATCH':
      case 'REQUEST_ID_REUSED':
      case 'LINE_UNKNOWN':
      case 'REFUND_EXCEEDS_CAPTURED':
        return decision;
      case 'CHANGED': {
        const changed = applyChange(order, decision, nowMs);
        if (!this.before.has(order.orderId)) this.before.set(order.orderId, order);
        this.orders.set(order.orderId, changed);
        this.#record(changed, decision.effects, item.span);
        return { outcome: 'CHANGED', order: changed };
      }
    }
  }

  #record(
    order: Order,
    effects: readonly Parameters<typeof payloadOf>[0][],
    span: Span | undefined,
  ): void {
    const { orderId, version } = order;
    const last = order.transitions.at(-1);
    assert(last, 'a change leaves a transition');
    this.transitions.push(transitionValues(orderId, last));
    const refund = order.refunds.at(-1);
    if (refund?.version === version) this.refunds.push(...refundValues(orderId, refund));
    if (this.#announced) this.effects.push({ ...changedEvent(order, last), trace: span });
    for (const kind of effects) {
      const payload = payloadOf(kind, order);
      const aggregateId = orderId.toString();
      const shard = geneOf(orderId);
      this.effects.push({ shard, aggregateId, version, kind, payload, trace: span });
    }
  }
}

export function changeBatch(
  o: ChangeBatchOptions,
  items: readonly ChangeItem[],
): Promise<{ results: (ChangeResult | NotOwner)[]; effects: OutboxEvent[] }> {
  const options = { name: 'order.change', deadlineMs: o.deadlineMs, gated: true };
  return repeatUnknown(o, () => transact(o.server, options, (tx) => work(tx, o, items)));
}

async function work(tx: Tx, o: ChangeBatchOptions, items: readonly ChangeItem[]) {
  const { orders, nowMs, refused } = await lockOrders(tx, items);
  const changes = new Changes(orders, o.announced);
  const results = items.map((item): ChangeResult | NotOwner =>
    refused.has(geneOf(item.orderId)) ? NOT_OWNER : changes.apply(item, nowMs),
  );
  if (changes.before.size > 0) {
    await write(tx, o.outbox, changes, nowMs);
    crashPoint('change.before-commit');
  }
  return { results, effects: changes.effects };
}

async function write(tx: Tx, outbox: Outbox, changes: Changes, nowMs: number): Promise<void> {
  for (const group of groupAlike(changes)) {
    const [first] = group;
    assert(first, 'a group has a member');
    const where = inShards(
      'order_id',
      group.map((order) => shardAndId(order.orderId)),
    );
    const steps = stepsOf(changes, first);
    const updated = await tx.change(
      `UPDATE orders SET state = ?, version = version + ?, updated_ms = ?, due_ms = ?,
        paid_ms = ?, carrier = ?, tracking_number = ?, refunded_minor = ? WHERE ${where.sql}`,
      [
        stateCodes[first.state],
        steps,
        nowMs,
        dueMsOf(first) ?? null,
        first.paidMs ?? null,
        first.carrier ?? null,
        first.trackingNumber ?? null,
        refundedOf(first),
        ...where.values,
      ],
    );
    assert(updated === group.length, 'every locked order is updated');
  }
  tx.changeLater(INSERT_TRANSITIONS, [changes.transitions]);
  if (changes.refunds.length > 0) tx.changeLater(INSERT_REFUNDS, [changes.refunds]);
  outbox.append(tx, changes.effects, nowMs);
}

// Orders that get the same values share a statement: in a flood they all become PAID, or all
// CANCELLED, at once.
function groupAlike(changes: Changes): Order[][] {
  const groups = new Map<string, Order[]>();
  for (const orderId of changes.before.keys()) {
    const order = changes.orders.get(orderId) as Order;
    const { state, paidMs, carrier, trackingNumber } = order;
    const refunded = refundedOf(order)?.toString();
    const steps = stepsOf(changes, order);
    const alike = [state, steps, dueMsOf(order), paidMs, carrier, trackingNumber, refunded];
    const key = JSON.stringify(alike);
    const group = groups.get(key);
    if (group) group.push(order);
    else groups.set(key, [order]);
  }
  return [...groups.values()];
}

// NULL says that there is nothing to read.
function refundedOf(order: Order): bigint | null {
  return order.refunds.length === 0 ? null : refundedMinor(order);
}

function stepsOf(changes: Changes, order: Order): number {
  return order.version - (changes.before.get(order.orderId)?.version ?? order.version);
}
