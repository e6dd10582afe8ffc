// Takes a provider's callback: genuine, about a payment of ours, for its amount; then applies it once.
// Whatever does not hold is refused and changes nothing.

import { orderIdOf, parseChargeKey } from '../domain/payment-id.js';
import type { PaymentPorts, ProviderEvent } from './ports.js';
import { applyRefundNews } from './refund-payment.js';
import { settleCharge } from './settle-charge.js';

export interface RawEvent {
  readonly provider: string;
  readonly signature: string;
  readonly body: Uint8Array;
  readonly deadlineMs: number;
}

export type TakeEventResult =
  | { outcome: 'TAKEN'; duplicate: boolean }
  | { outcome: 'EVENT_FORGED'; reason: string }
  | { outcome: 'PAYMENT_UNKNOWN' };

export async function takeEvent(ports: PaymentPorts, raw: RawEvent): Promise<TakeEventResult> {
  const provider = ports.providers.get(raw.provider);
  const reading = provider?.readEvent(raw.signature, raw.body) ?? NO_PROVIDER;
  if (reading.outcome === 'FORGED') {
    ports.log.warn({ provider: raw.provider, reason: reading.reason }, 'provider event refused');
    return { outcome: 'EVENT_FORGED', reason: reading.reason };
  }
  if (reading.outcome === 'IGNORED') return { outcome: 'TAKEN', duplicate: false };
  const { event } = reading;
  const orderId = orderIdOf(event.reference);
  if (orderId === undefined) return { outcome: 'PAYMENT_UNKNOWN' };
  const result = await apply(ports, orderId, event, raw.deadlineMs);
  switch (result.outcome) {
    case 'PAYMENT_UNKNOWN':
      return { outcome: 'PAYMENT_UNKNOWN' };
    case 'MISMATCH':
      ports.log.error({ event, problem: result.problem }, 'provider event does not match');
      return { outcome: 'EVENT_FORGED', reason: result.problem };
    default:
      return { outcome: 'TAKEN', duplicate: result.outcome === 'DUPLICATE' };
  }
}

const NO_PROVIDER = { outcome: 'FORGED', reason: 'no such provider' } as const;

async function apply(
  ports: PaymentPorts,
  orderId: bigint,
  event: ProviderEvent,
  deadlineMs: number,
) {
  const { eventId, kind, number, currency, amountMinor, key } = event;
  const common = { orderId, deadlineMs, event: { eventId, kind } };
  const money = { currency, amountMinor };
  if (kind === 'refund.succeeded') {
    const settled = { refundId: key, state: 'SUCCEEDED', providerNumber: number, money } as const;
    const result = await applyRefundNews(ports, { ...common, ...settled });
    return result.outcome === 'REFUND_UNKNOWN'
      ? ({ outcome: 'MISMATCH', problem: `no refund ${key}` } as const)
      : result;
  }
  const charge = parseChargeKey(key);
  if (charge === undefined || charge.orderId !== orderId) {
    return { outcome: 'MISMATCH', problem: `key ${key} is not of this payment` } as const;
  }
  const state = kind === 'charge.succeeded' ? 'SUCCEEDED' : 'FAILED';
  const { attemptNo } = charge;
  const news = { attemptNo, state, providerNumber: number, money, cause: eventId } as const;
  return settleCharge(ports, { ...common, news });
}
