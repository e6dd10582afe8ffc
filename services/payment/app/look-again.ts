// Asks the provider about everything of one payment that has not succeeded, at once and whatever its age:
// charges that failed or were given up too, and refunds that wait or were refused. For whoever found the
// books of the two sides to differ. It changes nothing but by the provider's answers, so it may be
// repeated.

import { refundNews } from '../domain/news.js';
import type { Payment } from '../domain/payment.js';
import type { PaymentKey } from '../domain/payment-id.js';
import { askAboutCharge } from './ask-charge.js';
import type { PaymentPorts } from './ports.js';
import { askForRefund } from './relay-news.js';

export type LookAgainResult =
  | { outcome: 'LOOKED'; payment: Payment; answered: boolean }
  | { outcome: 'PAYMENT_UNKNOWN' };

export async function lookAgain(
  ports: PaymentPorts,
  key: PaymentKey,
  deadlineMs: number,
): Promise<LookAgainResult> {
  const file = await ports.store.update({ payment: key, deadlineMs }, (found) => ({
    result: found,
  }));
  if (file === undefined) return { outcome: 'PAYMENT_UNKNOWN' };
  const charges = file.attempts
    .filter((attempt) => attempt.state !== 'SUCCEEDED')
    .map((attempt) => askAboutCharge(ports, file.payment, attempt));
  const refunds = file.refunds
    .filter((refund) => refund.state !== 'SUCCEEDED')
    .map((refund) => askForRefund(ports, refundNews(file.payment, refund)));
  const answers = await Promise.all([...charges, ...refunds]);
  const answered = !answers.some((answer) => answer === 'SILENT' || answer === 'RETRY');
  const payment = await ports.store.get(key, deadlineMs);
  return { outcome: 'LOOKED', payment: payment ?? file.payment, answered };
}
