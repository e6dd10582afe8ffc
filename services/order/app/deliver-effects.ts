// Carries the effects of committed changes to inventory and payment. Every effect may arrive twice
// and in any order; its receiver takes it once. What is not known to be done is delivered again, and
// an answer that cannot be right is parked for a person, with what to look at.

import type { Clock } from '../../platform/clock.js';
import type { EffectKind, IntentPayload, RefundPayload, StockPayload } from '../domain/effects.js';
import type {
  CloseOutcome,
  EffectDelivery,
  EffectEvent,
  OrderKeys,
  Payments,
  ReservationRef,
  Stock,
} from './ports.js';

export interface DeliverEffectsParts {
  readonly stock: Stock;
  readonly payments: Payments;
  readonly keys: OrderKeys;
  readonly clock: Clock;
  readonly deliverMsMax: number;
}

type Deliver = (event: EffectEvent, deadlineMs: number) => Promise<EffectDelivery>;

export type EffectHandlers = Record<
  EffectKind,
  (events: EffectEvent[]) => Promise<EffectDelivery[]>
>;

export function effectHandlers(o: DeliverEffectsParts): EffectHandlers {
  const each = (deliver: Deliver) => (events: EffectEvent[]) => {
    const deadlineMs = o.clock.nowMs() + o.deliverMsMax;
    return Promise.all(events.map((event) => settle(deliver, event, deadlineMs)));
  };
  return {
    'order.created': each((event, deadlineMs) => intend(o, event, deadlineMs)),
    'order.paid': each((event, deadlineMs) => confirm(o, event, deadlineMs)),
    'stock.release': each((event, deadlineMs) => release(o, event, deadlineMs)),
    'stock.return': each((event, deadlineMs) => giveBack(o, event, deadlineMs)),
    'payment.refund': each((event, deadlineMs) => refund(o, event, deadlineMs)),
  };
}

// One event that fails must not hide what became of its neighbours.
async function settle(
  deliver: Deliver,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  try {
    return await deliver(event, deadlineMs);
  } catch {
    return 'RETRY';
  }
}

async function intend(
  { payments }: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const payload = event.payload as IntentPayload;
  const { userId, currency, amountMinor } = payload;
  const intent = {
    orderId: event.aggregateId,
    userId,
    currency,
    amountMinor: BigInt(amountMinor),
    deadlineMs: payload.deadlineMs,
  };
  const outcome = await payments.intend(intent, deadlineMs);
  if (outcome === 'CREATED') return 'DONE';
  if (outcome === 'UNKNOWN') return 'RETRY';
  return { park: 'the payment of this order has another amount, currency or user' };
}

async function confirm(
  o: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const outcome = await o.stock.confirm(reservationOf(o, event), deadlineMs);
  return closed(outcome, 'a paid order has no units');
}

async function release(
  o: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const outcome = await o.stock.release(reservationOf(o, event), deadlineMs);
  return closed(outcome, 'the units of an order cancelled unpaid are sold');
}

// The confirm of the same order may still be on its way, and only what is sold can be taken back.
async function giveBack(
  o: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const reservation = reservationOf(o, event);
  const confirmed = await o.stock.confirm(reservation, deadlineMs);
  if (confirmed === 'UNKNOWN') return 'RETRY';
  const outcome = await o.stock.giveBack(reservation, deadlineMs);
  return closed(outcome, 'the units of an order cancelled after payment were not sold');
}

async function refund(
  { payments }: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const { currency, amountMinor } = event.payload as RefundPayload;
  const orderId = event.aggregateId;
  const asked = {
    orderId,
    requestId: `cancel-${orderId}`,
    currency,
    amountMinor: BigInt(amountMinor),
  };
  const outcome = await payments.refund(asked, deadlineMs);
  if (outcome === 'DONE') return 'DONE';
  if (outcome === 'UNKNOWN') return 'RETRY';
  return { park: `the refund of a cancelled order was refused: ${outcome.refused}` };
}

function reservationOf({ keys }: DeliverEffectsParts, event: EffectEvent): ReservationRef {
  const { userId, requestId, skuIds } = event.payload as StockPayload;
  const reservationId = keys.reservationId(userId, requestId);
  return { reservationId, skuIds, orderId: event.aggregateId };
}

function closed(outcome: CloseOutcome, wrong: string): EffectDelivery {
  if (outcome === 'DONE') return 'DONE';
  if (outcome === 'UNKNOWN') return 'RETRY';
  return { park: `${wrong}: inventory says ${outcome}` };
}
