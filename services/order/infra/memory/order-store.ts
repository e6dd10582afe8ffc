// Orders in memory: the shortest true account of what an OrderStore promises, held to the same
// contract as the one in MySQL. For tests; its clock is the one that it is given.

import type { Clock } from '../../../platform/clock.js';
import type {
  ChangeResult,
  CommitResult,
  DueOrder,
  DueQueue,
  NewOrder,
  OrderFate,
  OrderQuery,
  OrderStore,
  TrackingStore,
  TrackResult,
} from '../../app/ports.js';
import type { EffectKind } from '../../domain/effects.js';
import type { Order } from '../../domain/order.js';
import { awaitedPart, dueMsOf } from '../../domain/presale.js';
import { decideTracking, inTime, type NewTrackingEvent } from '../../domain/tracking.js';
import { applyChange, decide, type OrderEvent } from '../../domain/transition.js';

export class MemoryOrderStore implements OrderStore, TrackingStore {
  /** What has to be delivered, in the order of the changes. */
  readonly effects: { orderId: bigint; version: number; kind: EffectKind }[] = [];
  readonly dueQueues: readonly DueQueue[];
  readonly #clock: Clock;
  readonly #orders = new Map<bigint, Order>();
  readonly #byRequest = new Map<string, bigint>();
  readonly #barred = new Set<bigint>();
  readonly #dueMs = new Map<bigint, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.dueQueues = [
      { name: 'memory', claim: async (limit, leaseMs) => this.#claim(limit, leaseMs) },
    ];
  }

  async commit(item: NewOrder): Promise<CommitResult> {
    const key = `${item.userId} ${item.requestId}`;
    const existing = this.#orders.get(this.#byRequest.get(key) ?? 0n);
    if (existing && existing.fingerprint !== item.fingerprint) {
      return { outcome: 'REQUEST_ID_REUSED' };
    }
    if (existing) return { outcome: 'EXISTING', order: { ...existing, transitions: [] } };
    if (this.#barred.has(item.orderId)) return { outcome: 'REQUEST_CLOSED' };
    const order = newOrder(item, this.#clock.nowMs());
    this.#orders.set(order.orderId, order);
    this.#byRequest.set(key, order.orderId);
    this.#dueMs.set(order.orderId, order.paymentDeadlineMs);
    const { orderId } = order;
    if (!item.intended) this.effects.push({ orderId, version: 1, kind: 'order.created' });
    return { outcome: 'COMMITTED', order: { ...order, transitions: [] } };
  }

  async change(orderId: bigint, event: OrderEvent): Promise<ChangeResult> {
    const order = this.#orders.get(orderId);
    if (!order) return { outcome: 'ORDER_UNKNOWN' };
    const decision = decide(order, event);
    switch (decision.outcome) {
      case 'CHANGED': {
        const changed = applyChange(order, decision, this.#clock.nowMs());
        this.#orders.set(orderId, changed);
        const dueMs = dueMsOf(changed);
        if (dueMs === undefined) this.#dueMs.delete(orderId);
        else this.#dueMs.set(orderId, dueMs);
        const { version } = changed;
        for (const kind of decision.effects) this.effects.push({ orderId, version, kind });
        return { outcome: 'CHANGED', order: changed };
      }
      case 'TRANSITION_ILLEGAL':
        return { ...decision, order };
      case 'UNCHANGED':
      case 'VERSION_MISMATCH':
        return { outcome: decision.outcome, order };
      // What else refuses says all there is to say.
      default:
        return decision;
    }
  }

  async track(orderId: bigint, event: NewTrackingEvent): Promise<TrackResult> {
    const order = this.#orders.get(orderId);
    if (!order) return { outcome: 'ORDER_UNKNOWN' };
    const decision = decideTracking(order, event, this.#clock.nowMs());
    if (decision.outcome === 'EXISTING') return { outcome: 'EXISTING', order };
    if (decision.outcome !== 'ADDED') return decision;
    const tracked = { ...order, tracking: inTime([...order.tracking, decision.event]) };
    this.#orders.set(orderId, tracked);
    return { outcome: 'ADDED', order: tracked };
  }

  async findByRequest(userId: string, requestId: string): Promise<Order | undefined> {
    const order = this.#orders.get(this.#byRequest.get(`${userId} ${requestId}`) ?? 0n);
    return order && { ...order, transitions: [] };
  }

  async read(orderId: bigint): Promise<Order | undefined> {
    return this.#orders.get(orderId);
  }

  async list({ userId, state, beforeId, limit }: OrderQuery): Promise<Order[]> {
    return [...this.#orders.values()]
      .filter((order) => userId === undefined || order.userId === userId)
      .filter((order) => state === undefined || order.state === state)
      .filter((order) => beforeId === undefined || order.orderId < beforeId)
      .sort((a, b) => (a.orderId > b.orderId ? -1 : 1))
      .slice(0, limit)
      .map((order) => ({ ...order, transitions: [] }));
  }

  async resolve(orderIds: readonly bigint[]): Promise<OrderFate[]> {
    return orderIds.map((orderId) => {
      const order = this.#orders.get(orderId);
      if (!order) this.#barred.add(orderId);
      if (!order) return { fate: 'CANCELLED' };
      const paymentDeadlineMs = dueMsOf(order);
      if (paymentDeadlineMs !== undefined) return { fate: 'PENDING', paymentDeadlineMs };
      if (order.state !== 'CANCELLED') return { fate: 'PAID' };
      return { fate: order.paidMs === undefined ? 'CANCELLED' : 'RETURNED' };
    });
  }

  #claim(limit: number, leaseMs: number): DueOrder[] {
    const nowMs = this.#clock.nowMs();
    const all = [...this.#dueMs].filter(([, dueMs]) => dueMs <= nowMs);
    all.sort(([, a], [, b]) => a - b);
    const oldest = all.splice(0, limit - Math.floor(limit / 2));
    const due = [...oldest, ...all.toReversed().slice(0, Math.floor(limit / 2))];
    for (const [orderId] of due) this.#dueMs.set(orderId, nowMs + leaseMs);
    return due.map(([orderId]) => {
      const order = this.#orders.get(orderId);
      return { orderId, awaited: (order && awaitedPart(order)) ?? 'FIRST' };
    });
  }
}

function newOrder(asked: NewOrder, nowMs: number): Order {
  const { paymentWindowMs, fresh: _fresh, intended: _intended, ...item } = asked;
  const state = 'PENDING_PAYMENT';
  const created = { version: 1, from: undefined, to: state, operator: 'user', remark: '' } as const;
  return {
    ...item,
    state,
    version: 1,
    paymentDeadlineMs: nowMs + paymentWindowMs,
    paidMs: undefined,
    carrier: undefined,
    trackingNumber: undefined,
    createdMs: nowMs,
    updatedMs: nowMs,
    transitions: [{ ...created, atMs: nowMs }],
    tracking: [],
    refunds: [],
  };
}
