// Asks payment to take what an order costs. Taking it is idempotent by order, so whoever does not know
// whether it was taken asks again.

import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import { inStep } from '../../platform/telemetry/trace-recorder.js';
import type { Order } from '../domain/order.js';
import { partMinor } from '../domain/presale.js';
import type { NewOrder, PaymentIntent, Payments } from './ports.js';

export interface IntendPaymentParts {
  readonly payments: Payments;
  readonly clock: Clock;
  /** An order does not wait longer for it: the intent can follow. */
  readonly limits: { readonly intentMsMax: number };
}

/** Of all that the order costs, or of its deposit. */
export function firstIntent(
  order: NewOrder | Order,
  deadlineMs: number,
): PaymentIntent | undefined {
  const { orderId, userId, currency } = order;
  const amountMinor = partMinor(order, 'FIRST');
  if (amountMinor === undefined) return undefined;
  const part = 'FIRST';
  return { orderId: orderId.toString(), part, userId, currency, amountMinor, deadlineMs };
}

/** Whether payment has it for certain. */
export async function intendPayment(
  { payments, clock, limits }: IntendPaymentParts,
  intent: PaymentIntent | undefined,
  deadlineMs: number,
  span: Span | undefined,
): Promise<boolean> {
  if (intent === undefined) return false;
  const untilMs = Math.min(deadlineMs, clock.nowMs() + limits.intentMsMax);
  try {
    const outcome = await inStep(span, 'intend', (step) =>
      payments.intend(step ? { ...intent, span: step } : intent, untilMs),
    );
    crashPoint('create.after-intend');
    return outcome === 'CREATED';
  } catch {
    return false;
  }
}
