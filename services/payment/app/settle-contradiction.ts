// Two events of one charge that cannot both be true: the provider is asked which one is. A success that it
// does not confirm was never meant, however well it is signed. A failure of money that our books already
// have is remembered, and where the provider confirms it a person must look: goods may be on their way.

import type { ChargeState } from '../domain/charge.js';
import { chargeKeyOf, paymentIdOf } from '../domain/payment-id.js';
import type { Charge, PaymentPorts, Provider } from './ports.js';
import {
  newsOf,
  PAYMENT_MISMATCH,
  type SettleCommand,
  type SettleResult,
  settleCharge,
} from './settle-charge.js';

/** SILENT: nobody knows yet; the provider will send its event again. */
export type ContradictionResult = SettleResult | { outcome: 'SILENT' };

export async function settleContradiction(
  ports: PaymentPorts,
  provider: Provider,
  command: SettleCommand,
): Promise<ContradictionResult> {
  const { payment, news } = command;
  const key = chargeKeyOf(payment, news.attemptNo);
  const answer = await provider.find(key, news.providerNumber);
  if (answer.outcome === 'UNKNOWN') return { outcome: 'SILENT' };
  const charge = answer.outcome === 'FOUND' ? answer.charge : undefined;
  const told = charge?.state;
  if (told === 'PROCESSING' || told === 'INITIALISED') return { outcome: 'SILENT' };
  if (news.state === 'SUCCEEDED' && told !== 'SUCCEEDED') return unconfirmed(ports, command, told);
  if (news.state === 'FAILED' && told !== 'SUCCEEDED') {
    alarm(ports, command, 'the provider takes back money that it had told us it has');
  }
  // Its own word, and with it the event is remembered: a copy asks no more questions.
  const confirmed = told === 'SUCCEEDED' ? toldNews(command, charge) : news;
  return settleCharge(ports, { ...command, news: { ...confirmed, asked: true } });
}

function toldNews({ news }: SettleCommand, charge: Charge | undefined) {
  return charge === undefined ? news : newsOf(news.attemptNo, charge, news.cause);
}

function unconfirmed(
  ports: PaymentPorts,
  command: SettleCommand,
  told: ChargeState | undefined,
): SettleResult {
  const problem = `the provider does not confirm it: ${told ?? 'no such charge'}`;
  alarm(ports, command, problem);
  return { outcome: 'MISMATCH', problem };
}

function alarm({ log }: PaymentPorts, { payment, news }: SettleCommand, problem: string): void {
  const about = { paymentId: paymentIdOf(payment), attemptNo: news.attemptNo, cause: news.cause };
  log.error(
    { alarm: PAYMENT_MISMATCH, ...about, problem },
    'event contradicts what the provider says when asked',
  );
}
