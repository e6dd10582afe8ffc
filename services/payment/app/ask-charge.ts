// Asks the provider what became of one charge and applies its answer as a callback would be. What the
// provider never got is sent again under the same key, but only while we have not heard of it either.

import { assert } from '../../platform/assert.js';
import { type Attempt, open, type Payment } from '../domain/payment.js';
import { chargeKeyOf, paymentIdOf } from '../domain/payment-id.js';
import { chargeAttempt } from './charge-attempt.js';
import type { Charge, PaymentPorts } from './ports.js';
import { newsOf, settleCharge } from './settle-charge.js';

export async function askAboutCharge(
  ports: PaymentPorts,
  payment: Payment,
  attempt: Attempt,
): Promise<'ANSWERED' | 'SILENT'> {
  const provider = ports.providers.get(attempt.provider);
  assert(provider !== undefined, `attempt by unknown provider ${attempt.provider}`);
  const key = chargeKeyOf(payment, attempt.attemptNo);
  const answer = await provider.find(key, attempt.providerNumber);
  switch (answer.outcome) {
    case 'FOUND':
      await applyFound(ports, payment, attempt, answer.charge);
      return 'ANSWERED';
    case 'NOT_FOUND': {
      if (attempt.state === 'PENDING') {
        const { outcome } = await chargeAttempt(ports, provider, payment, attempt);
        return outcome === 'SILENT' ? 'SILENT' : 'ANSWERED';
      }
      // What it refused it never had.
      if (!open(attempt)) return 'ANSWERED';
      // It had taken the charge. Another one under the same key may be a second one: a person looks.
      ports.log.error(
        { alarm: 'CHARGE_FORGOTTEN', paymentId: paymentIdOf(payment), key },
        'provider has forgotten a charge that it had taken',
      );
      return 'ANSWERED';
    }
    case 'UNKNOWN':
      ports.log.debug({ key, reason: answer.reason }, 'provider does not answer');
      return 'SILENT';
  }
}

async function applyFound(
  ports: PaymentPorts,
  payment: Payment,
  attempt: Attempt,
  charge: Charge,
): Promise<void> {
  const final = charge.state === 'SUCCEEDED' || charge.state === 'FAILED';
  // Its failure may stand in the books as an earlier answer; another answer is another event.
  const prefix = attempt.state === 'FAILED' ? 'query-again' : 'query';
  const eventId = `${prefix}-${charge.number}`;
  await settleCharge(ports, {
    payment,
    news: { ...newsOf(attempt.attemptNo, charge, eventId), asked: true },
    deadlineMs: ports.clock.nowMs() + ports.settings.stepMsMax,
    ...(final && { event: { eventId, kind: `query.${charge.state}` } }),
  });
}
