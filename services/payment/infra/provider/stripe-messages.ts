// Stripe's objects in the words of the port: checkout sessions are charges, refunds are refunds. Everything
// is checked before it is believed, because a webhook comes in the version that its endpoint was set to.

import { z } from 'zod';
import type { Charge, EventReading, ProviderEvent } from '../../app/ports.js';
import type { ChargeState } from '../../domain/charge.js';
import { fromStripeAmount } from './stripe-money.js';

/** Under which names an object of Stripe carries ours. */
export const OUR_PAYMENT = 'spillway_payment';
export const OUR_KEY = 'spillway_key';

/** Printable ASCII that fits into our columns; a session's id has 66. */
const id = z.string().regex(/^[!-~]{1,128}$/);
const eventName = z.string().regex(/^[!-~]{1,72}$/);
const currency = z.string().regex(/^[a-z]{3}$/);
const amount = z.int().min(0).max(1e15);
const metadata = z.record(z.string(), z.string()).nullish();

const intent = z.object({ id, status: z.string() });

const session = z.object({
  id,
  object: z.literal('checkout.session'),
  status: z.enum(['open', 'complete', 'expired']),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_total: amount,
  currency,
  url: z.string().max(2_048).nullish(),
  payment_intent: z.union([id, intent]).nullish(),
  metadata,
});
type Session = z.infer<typeof session>;

const refund = z.object({
  id,
  object: z.literal('refund'),
  status: z.string().nullish(),
  failure_reason: z.string().max(200).nullish(),
  amount,
  currency,
  metadata,
});

export interface StripeCharge extends Charge {
  /** Our key, as it was given with the charge; empty when the session is not ours. */
  readonly key: string;
  /** What a refund is asked of; empty until the buyer has begun to pay. */
  readonly intent: string;
}

export interface StripeRefund {
  readonly number: string;
  readonly key: string;
  readonly state: 'SUCCEEDED' | 'FAILED' | 'PENDING';
  readonly reason: string;
}

export function readSession(body: unknown): StripeCharge | undefined {
  const parsed = session.safeParse(body);
  if (!parsed.success) return undefined;
  const money = moneyOf(parsed.data.currency, parsed.data.amount_total);
  if (money === undefined) return undefined;
  const { payment_intent, url } = parsed.data;
  return {
    ...money,
    number: parsed.data.id,
    state: stateOf(parsed.data),
    redirectUrl: url ?? '',
    key: parsed.data.metadata?.[OUR_KEY] ?? '',
    intent: (typeof payment_intent === 'object' ? payment_intent?.id : payment_intent) ?? '',
  };
}

export function readRefund(body: unknown): StripeRefund | undefined {
  const parsed = refund.safeParse(body);
  if (!parsed.success) return undefined;
  const { status, failure_reason, metadata: ours } = parsed.data;
  const failed = status === 'failed' || status === 'canceled';
  const ended = failed ? 'FAILED' : 'PENDING';
  return {
    number: parsed.data.id,
    key: ours?.[OUR_KEY] ?? '',
    state: status === 'succeeded' ? 'SUCCEEDED' : ended,
    reason: failure_reason ?? status ?? 'no reason given',
  };
}

/** A card that was declined ends nothing: the buyer may try another one on the same page. */
function stateOf({ status, payment_status, payment_intent }: Session): ChargeState {
  if (status === 'open') return 'INITIALISED';
  if (status === 'expired') return 'FAILED';
  if (payment_status !== 'unpaid') return 'SUCCEEDED';
  const intentStatus = typeof payment_intent === 'object' ? payment_intent?.status : undefined;
  const failed = intentStatus === 'requires_payment_method' || intentStatus === 'canceled';
  return failed ? 'FAILED' : 'PROCESSING';
}

const envelope = z.object({
  id: eventName,
  object: z.literal('event'),
  type: z.string().max(100),
  created: z.int().min(0).max(1e11),
  data: z.object({ object: z.unknown() }),
});
type Envelope = z.infer<typeof envelope>;

const KINDS: Record<string, ProviderEvent['kind']> = {
  'checkout.session.completed': 'charge.succeeded',
  'checkout.session.async_payment_succeeded': 'charge.succeeded',
  'checkout.session.async_payment_failed': 'charge.failed',
  'checkout.session.expired': 'charge.failed',
  'refund.created': 'refund.succeeded',
  'refund.updated': 'refund.succeeded',
};

/** Reads an event whose signature holds. What is about none of our payments is nobody's fault. */
export function readStripeEvent(json: unknown): EventReading {
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return { outcome: 'FORGED', reason: 'not an event' };
  const kind = KINDS[parsed.data.type];
  const ignored = { outcome: 'IGNORED', kind: parsed.data.type } as const;
  if (kind === undefined) return ignored;
  const about = kind === 'refund.succeeded' ? refundIn(parsed.data) : sessionIn(parsed.data, kind);
  if (about === 'IGNORED') return ignored;
  if (about === undefined) return { outcome: 'FORGED', reason: 'an event with missing parts' };
  const { id: eventId, created } = parsed.data;
  const event = { ...about, eventId: `stripe-${eventId}`, kind, createdMs: created * 1_000 };
  return { outcome: 'EVENT', event };
}

type About = Omit<ProviderEvent, 'eventId' | 'kind' | 'createdMs'>;

function sessionIn(
  { type, data }: Envelope,
  kind: ProviderEvent['kind'],
): About | 'IGNORED' | undefined {
  const parsed = session.safeParse(data.object);
  if (!parsed.success) return undefined;
  const charge = parsed.data;
  // Completed, but the money comes days later: another event tells of that.
  const waits = type === 'checkout.session.completed' && charge.payment_status === 'unpaid';
  if (waits) return 'IGNORED';
  // What is called a success must be one.
  if (kind === 'charge.succeeded' && charge.payment_status === 'unpaid') return undefined;
  return aboutOurs(charge, moneyOf(charge.currency, charge.amount_total));
}

function refundIn({ data }: Envelope): About | 'IGNORED' | undefined {
  const parsed = refund.safeParse(data.object);
  if (!parsed.success) return undefined;
  if (parsed.data.status !== 'succeeded') return 'IGNORED';
  return aboutOurs(parsed.data, moneyOf(parsed.data.currency, parsed.data.amount));
}

function aboutOurs(
  object: Pick<Session, 'id' | 'metadata'>,
  money: ReturnType<typeof moneyOf>,
): About | 'IGNORED' | undefined {
  const reference = object.metadata?.[OUR_PAYMENT];
  const key = object.metadata?.[OUR_KEY];
  if (reference === undefined || key === undefined) return 'IGNORED';
  return money && { ...money, number: object.id, reference, key };
}

function moneyOf(lower: string, amountThere: number) {
  const upper = lower.toUpperCase();
  const amountMinor = fromStripeAmount(upper, amountThere);
  return amountMinor === undefined ? undefined : { currency: upper, amountMinor };
}
