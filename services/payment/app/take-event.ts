// Takes a provider's callback: genuine, about a payment of ours, for its amount; then applies it once.
// Whatever does not hold is refused and changes nothing.

import { counters, histograms } from '../../platform/telemetry/metrics.js';
import type { Traced } from '../../platform/telemetry/trace-context.js';
import {
  type PaymentKey,
  parseChargeKey,
  paymentIdOf,
  paymentKeyOf,
} from '../domain/payment-id.js';
import type { PaymentPorts, Provider, ProviderEvent } from './ports.js';
import { applyRefundNews } from './refund-payment.js';
import { PAYMENT_MISMATCH, settleCharge } from './settle-charge.js';
import { settleContradiction } from './settle-contradiction.js';

export interface RawEvent extends Traced {
  readonly provider: string;
  readonly signature: string;
  readonly body: Uint8Array;
  readonly deadlineMs: number;
}

export type TakeEventResult =
  | { outcome: 'TAKEN'; duplicate: boolean }
  | { outcome: 'EVENT_FORGED'; reason: string }
  /** It contradicts an earlier one, and the provider does not say which is true: send it again. */
  | { outcome: 'PROVIDER_SILENT' }
  | { outcome: 'PAYMENT_UNKNOWN' };

const events = counters('spillway.payment.events');
const delays = histograms('spillway.payment.callback.delay').of();

export async function takeEvent(ports: PaymentPorts, raw: RawEvent): Promise<TakeEventResult> {
  const result = await take(ports, raw);
  const copy = result.outcome === 'TAKEN' && result.duplicate;
  events.of(copy ? 'DUPLICATE' : result.outcome).add();
  return result;
}

async function take(ports: PaymentPorts, raw: RawEvent): Promise<TakeEventResult> {
  const provider = ports.providers.get(raw.provider);
  if (provider === undefined) return forged(ports, raw, 'no such provider');
  const reading = provider.readEvent(raw.signature, raw.body);
  if (reading.outcome === 'FORGED') return forged(ports, raw, reading.reason);
  if (reading.outcome === 'IGNORED') return { outcome: 'TAKEN', duplicate: false };
  const { event } = reading;
  const payment = paymentKeyOf(event.reference);
  if (payment === undefined) return { outcome: 'PAYMENT_UNKNOWN' };
  const result = await apply(ports, provider, payment, event, raw);
  switch (result.outcome) {
    case 'PAYMENT_UNKNOWN':
      return { outcome: 'PAYMENT_UNKNOWN' };
    case 'MISMATCH':
      return { outcome: 'EVENT_FORGED', reason: result.problem };
    case 'SILENT':
      return { outcome: 'PROVIDER_SILENT' };
    default:
      if (event.createdMs !== undefined) {
        delays.record(Math.max(0, ports.clock.nowMs() - event.createdMs) / 1_000);
      }
      return { outcome: 'TAKEN', duplicate: result.outcome === 'DUPLICATE' };
  }
}

function forged({ log }: PaymentPorts, { provider }: RawEvent, reason: string): TakeEventResult {
  log.warn({ provider, reason }, 'provider event refused');
  return { outcome: 'EVENT_FORGED', reason };
}

async function apply(
  ports: PaymentPorts,
  asked: Provider,
  payment: PaymentKey,
  event: ProviderEvent,
  { provider, deadlineMs, span }: RawEvent,
) {
  const { eventId, kind, number, currency, amountMinor, key } = event;
  const common = { payment, deadlineMs, span, event: { eventId, kind } };
  const money = { currency, amountMinor };
  if (kind === 'refund.succeeded') {
    const settled = { refundId: key, state: 'SUCCEEDED', providerNumber: number, money } as const;
    const result = await applyRefundNews(ports, { ...common, ...settled, provider });
    if (result.outcome === 'REFUND_UNKNOWN') return mismatch(ports, event, `no refund ${key}`);
    return result.outcome === 'MISMATCH' ? mismatch(ports, event, result.problem) : result;
  }
  const charge = parseChargeKey(key);
  if (charge === undefined || paymentIdOf(charge) !== event.reference) {
    return mismatch(ports, event, `key ${key} is not of this payment`);
  }
  const state = kind === 'charge.succeeded' ? 'SUCCEEDED' : 'FAILED';
  const { attemptNo } = charge;
  const told = { state, providerNumber: number, money, cause: eventId } as const;
  const command = { ...common, news: { attemptNo, provider, ...told } };
  const result = await settleCharge(ports, command);
  return result.outcome === 'CONTRADICTED' ? settleContradiction(ports, asked, command) : result;
}

/** Truly signed, so either the provider is wrong about our money or we are: a person must look. */
function mismatch({ log }: PaymentPorts, event: ProviderEvent, problem: string) {
  log.error({ alarm: PAYMENT_MISMATCH, event, problem }, 'provider event does not match');
  return { outcome: 'MISMATCH', problem } as const;
}
