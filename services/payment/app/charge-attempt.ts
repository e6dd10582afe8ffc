// Asks the provider to charge a recorded attempt and tells the payment what it answered. Safe to repeat:
// the key names the attempt. No transaction is open while the provider is being asked.

import type { Span } from '../../platform/telemetry/trace-context.js';
import type { Attempt, Payment } from '../domain/payment.js';
import { chargeKeyOf, paymentIdOf } from '../domain/payment-id.js';
import type { PaymentPorts, Provider } from './ports.js';
import { newsOf, type SettleResult, settleCharge } from './settle-charge.js';

export type ChargeAttemptResult =
  | { outcome: 'SETTLED'; result: SettleResult; redirectUrl: string }
  /** Nobody knows whether the provider has taken it. The attempt stays PENDING. */
  | { outcome: 'SILENT' };

export async function chargeAttempt(
  ports: PaymentPorts,
  provider: Provider,
  payment: Payment,
  attempt: Attempt,
  span?: Span,
): Promise<ChargeAttemptResult> {
  const { currency, amountMinor } = payment;
  const key = chargeKeyOf(payment, attempt.attemptNo);
  const paymentId = paymentIdOf(payment);
  const answer = await provider.charge({
    key,
    paymentId,
    currency,
    amountMinor,
    method: attempt.method,
    span,
  });
  if (answer.outcome === 'UNKNOWN') {
    ports.log.debug({ paymentId, key, reason: answer.reason }, 'provider does not answer');
    return { outcome: 'SILENT' };
  }
  if (answer.outcome === 'REFUSED') {
    ports.log.info({ paymentId, key, reason: answer.reason }, 'provider refuses the charge');
  }
  const news =
    answer.outcome === 'ACCEPTED'
      ? newsOf(attempt.attemptNo, answer.charge, `answer to ${key}`)
      : { ...REFUSAL, attemptNo: attempt.attemptNo, cause: `refusal of ${key}` };
  const deadlineMs = ports.clock.nowMs() + ports.settings.stepMsMax;
  const result = await settleCharge(ports, { payment, news, deadlineMs, span });
  const redirectUrl = answer.outcome === 'ACCEPTED' ? answer.charge.redirectUrl : '';
  return { outcome: 'SETTLED', result, redirectUrl };
}

const REFUSAL = { state: 'FAILED', providerNumber: '' } as const;
