// Carries the effects of committed changes to inventory and payment. Every effect may arrive twice
// and in any order; its receiver takes it once. What is not known to be done is delivered again, and
// an answer that cannot be right is parked for a person, with what to look at.

import type { Clock } from '../../platform/clock.js';
import type {
  EffectKind,
  IntentPayload,
  LinesPayload,
  RefundPayload,
  StockPayload,
} from '../domain/effects.js';
import { paymentIdOf } from '../domain/order.js';
import type { PaymentPart } from '../domain/presale-terms.js';
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
    'order.created': each((event, deadlineMs) => intend(o, event, 'FIRST', deadlineMs)),
    'order.deposit-paid': each((event, deadlineMs) => intend(o, event, 'BALANCE', deadlineMs)),
    'order.paid': each((event, deadlineMs) => confirm(o, event, deadlineMs)),
    'stock.release': each((event, deadlineMs) => release(o, event, deadlineMs)),
    'stock.return': each((event, deadlineMs) => giveBack(o, event, deadlineMs)),
    'stock.return-lines': each((event, deadlineMs) => giveLinesBack(o, event, deadlineMs)),
    'payment.refund': each((event, deadlineMs) => refund(o, event, 'FIRST', deadlineMs)),
    'payment.refund-lines': each((event, deadlineMs) => refund(o, event, 'FIRST', deadlineMs)),
    'balance.refund': each((event, deadlineMs) => refund(o, event, 'BALANCE', deadlineMs)),
    'balance.refund-lines': each((event, deadlineMs) => refund(o, event, 'BALANCE', deadlineMs)),
    'balance.bar': each((event, deadlineMs) => barBalance(o, event, deadlineMs)),
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
  part: PaymentPart,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const payload = event.payload as IntentPayload;
  const { userId, currency, amountMinor } = payload;
  const intent = {
    orderId: event.aggregateId,
    part,
    userId,
    currency,
    amountMinor: BigInt(amountMinor),
    opensMs: payload.opensMs,
    deadlineMs: payload.deadlineMs,
    span: event.span,
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

async function giveLinesBack(
  o: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const reservation = reservationOf(o, event);
  const confirmed = await o.stock.confirm(reservation, deadlineMs);
  if (confirmed === 'UNKNOWN') return 'RETRY';
  const { returnId, lines } = event.payload as LinesPayload;
  const outcome = await o.stock.giveLinesBack({ reservation, returnId, lines }, deadlineMs);
  return closed(outcome, 'refunded units of a paid order were not sold');
}

async function refund(
  { payments }: DeliverEffectsParts,
  event: EffectEvent,
  part: PaymentPart,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const { currency, amountMinor } = event.payload as RefundPayload;
  const { aggregateId, kind, version, span } = event;
  // A cancel comes once, refunds of lines come as often as there are lines.
  const requestId = kind.endsWith('.refund') ? 'cancel' : `lines-${version}`;
  const paymentId = paymentIdOf(aggregateId, part);
  const asked = { paymentId, requestId, currency, amountMinor: BigInt(amountMinor), span };
  const outcome = await payments.refund(asked, deadlineMs);
  if (outcome === 'DONE') return 'DONE';
  if (outcome === 'UNKNOWN') return 'RETRY';
  return { park: `the refund of an order was refused: ${outcome.refused}` };
}

async function barBalance(
  { payments }: DeliverEffectsParts,
  event: EffectEvent,
  deadlineMs: number,
): Promise<EffectDelivery> {
  const paymentId = paymentIdOf(event.aggregateId, 'BALANCE');
  const outcome = await payments.bar(paymentId, deadlineMs, event.span);
  // What was captured is refunded when the news of it comes.
  return outcome === 'BARRED' || outcome === 'CAPTURED' ? 'DONE' : 'RETRY';
}

function reservationOf({ keys }: DeliverEffectsParts, event: EffectEvent): ReservationRef {
  const { userId, requestId, skuIds } = event.payload as StockPayload;
  const reservationId = keys.reservationId(userId, requestId);
  return { reservationId, skuIds, orderId: event.aggregateId, span: event.span };
}

function closed(outcome: CloseOutcome, wrong: string): EffectDelivery {
  if (outcome === 'DONE') return 'DONE';
  if (outcome === 'UNKNOWN') return 'RETRY';
  return { park: `${wrong}: inventory says ${outcome}` };
}
