// Begins to pay: record the attempt, ask the provider, record its answer. A crash between any two steps
// leaves an attempt that a retry under the same request id, or the resolver, carries on under the same key.

import type { Payment } from '../domain/payment.js';
import { type StartResult, startAttempt } from '../domain/start.js';
import { chargeAttempt } from './charge-attempt.js';
import type { PaymentPorts } from './ports.js';

export interface StartPaymentCommand {
  readonly orderId: bigint;
  readonly requestId: string;
  readonly method: string;
  readonly deadlineMs: number;
}

export type StartPaymentResult =
  | { outcome: 'STARTED'; payment: Payment; redirectUrl: string }
  /** Nothing was recorded, or the attempt waits for the provider: the same request may be sent again. */
  | { outcome: 'PROVIDER_DOWN' | 'PROVIDER_SILENT' }
  | Exclude<StartResult, { outcome: 'STARTED' | 'REPEATED' }>;

export async function startPayment(
  ports: PaymentPorts,
  { orderId, requestId, method, deadlineMs }: StartPaymentCommand,
): Promise<StartPaymentResult> {
  const provider = ports.providers.forMethod(method);
  const { lookAfterMs } = ports.settings;
  const providerUp = provider.up();
  const command = { requestId, method, provider: provider.name, providerUp, lookAfterMs };

  const begun = await ports.store.update({ orderId, deadlineMs }, (file, { nowMs }) =>
    startAttempt(file, command, nowMs),
  );
  if (begun.outcome !== 'STARTED' && begun.outcome !== 'REPEATED') return begun;
  const { payment, attempt } = begun;
  if (attempt.state !== 'PENDING') {
    return { outcome: 'STARTED', payment, redirectUrl: attempt.redirectUrl };
  }

  const asked = ports.providers.get(attempt.provider) ?? provider;
  const charged = await chargeAttempt(ports, asked, payment, attempt);
  if (charged.outcome === 'SILENT') return { outcome: 'PROVIDER_SILENT' };
  return 'payment' in charged.result
    ? { outcome: 'STARTED', payment: charged.result.payment, redirectUrl: charged.redirectUrl }
    : { outcome: 'PROVIDER_SILENT' };
}
