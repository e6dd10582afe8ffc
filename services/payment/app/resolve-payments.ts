// Finds out what became of attempts that the provider was asked for and never called back about: asks it
// under the attempt's key and applies the answer as a callback would be. Lost answers, lost callbacks and
// crashes between two steps all end here. One run handles one bounded batch of one server.

import { assert } from '../../platform/assert.js';
import type { Attempt, Payment } from '../domain/payment.js';
import { chargeKeyOf, paymentIdOf } from '../domain/payment-id.js';
import { chargeAttempt } from './charge-attempt.js';
import type { Charge, DuePayments, PaymentPorts } from './ports.js';
import { newsOf, settleCharge } from './settle-charge.js';

/** Attempts asked about at once; the provider's own limit on calls in flight is stricter. */
const BATCH_MAX = 100;

export async function resolvePayments(
  ports: PaymentPorts,
  due: DuePayments,
): Promise<'MORE' | 'IDLE'> {
  const deadlineMs = ports.clock.nowMs() + ports.settings.stepMsMax;
  const claimed = await due.claim(BATCH_MAX, ports.settings, deadlineMs);
  const questions = claimed.flatMap(({ payment, openAttempts }) =>
    openAttempts.map((attempt) => resolveAttempt(ports, payment, attempt)),
  );
  const answers = await Promise.allSettled(questions);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return claimed.length === BATCH_MAX ? 'MORE' : 'IDLE';
}

async function resolveAttempt(
  ports: PaymentPorts,
  payment: Payment,
  attempt: Attempt,
): Promise<void> {
  const provider = ports.providers.get(attempt.provider);
  assert(provider !== undefined, `attempt by unknown provider ${attempt.provider}`);
  const key = chargeKeyOf(payment, attempt.attemptNo);
  const answer = await provider.find(key);
  switch (answer.outcome) {
    case 'FOUND':
      return applyFound(ports, payment, attempt, answer.charge);
    case 'NOT_FOUND':
      if (attempt.state === 'PENDING') {
        await chargeAttempt(ports, provider, payment, attempt);
        return;
      }
      // It had taken the charge. Another one under the same key may be a second one: a person looks.
      ports.log.error(
        { alarm: 'CHARGE_FORGOTTEN', paymentId: paymentIdOf(payment), key },
        'provider has forgotten a charge that it had taken',
      );
      return;
    case 'UNKNOWN':
      ports.log.debug({ key, reason: answer.reason }, 'provider does not answer');
  }
}

async function applyFound(
  ports: PaymentPorts,
  payment: Payment,
  attempt: Attempt,
  charge: Charge,
): Promise<void> {
  const final = charge.state === 'SUCCEEDED' || charge.state === 'FAILED';
  const eventId = `query-${charge.number}`;
  await settleCharge(ports, {
    payment,
    news: { ...newsOf(attempt.attemptNo, charge, eventId), asked: true },
    deadlineMs: ports.clock.nowMs() + ports.settings.stepMsMax,
    ...(final && { event: { eventId, kind: `query.${charge.state}` } }),
  });
}
