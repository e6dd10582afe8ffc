// Finds out what became of attempts that the provider was asked for and never called back about: asks it
// under the attempt's key and applies the answer as a callback would be. Lost answers, lost callbacks and
// crashes between two steps all end here. One run handles one bounded batch of one server.

import { askAboutCharge } from './ask-charge.js';
import type { DuePayments, PaymentPorts } from './ports.js';

/** Attempts asked about at once; the provider's own limit on calls in flight is stricter. */
const BATCH_MAX = 100;

export async function resolvePayments(
  ports: PaymentPorts,
  due: DuePayments,
): Promise<'MORE' | 'IDLE'> {
  const deadlineMs = ports.clock.nowMs() + ports.settings.stepMsMax;
  const claimed = await due.claim(BATCH_MAX, ports.settings, deadlineMs);
  const questions = claimed.flatMap(({ payment, openAttempts }) =>
    openAttempts.map((attempt) => askAboutCharge(ports, payment, attempt)),
  );
  const answers = await Promise.allSettled(questions);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return claimed.length === BATCH_MAX ? 'MORE' : 'IDLE';
}
