// Begins to pay: record the attempt, ask the provider, record its answer. A crash between any two steps
// leaves an attempt that a retry under the same request id, or the resolver, carries on under the same key.

import type { Traced } from '../../platform/telemetry/trace-context.js';
import { beginUnder } from '../../platform/telemetry/trace-recorder.js';
import type { Payment } from '../domain/payment.js';
import type { PaymentKey } from '../domain/payment-id.js';
import { type StartResult, startAttempt } from '../domain/start.js';
import { chargeAttempt } from './charge-attempt.js';
import type { PaymentPorts } from './ports.js';

export interface StartPaymentCommand extends Traced {
  readonly payment: PaymentKey;
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
  { payment: key, requestId, method, deadlineMs, span }: StartPaymentCommand,
): Promise<StartPaymentResult> {
  const provider = ports.providers.forMethod(method);
  const { lookAfterMs } = ports.settings;
  const providerUp = provider.up();
  const command = { requestId, method, provider: provider.name, providerUp, lookAfterMs };

  const begun = await ports.store.update({ payment: key, deadlineMs, span }, (file, { nowMs }) =>
    startAttempt(file, command, nowMs),
  );
  if (begun.outcome !== 'STARTED' && begun.outcome !== 'REPEATED') return begun;
  const { payment, attempt } = begun;
  if (attempt.state !== 'PENDING') {
    return { outcome: 'STARTED', payment, redirectUrl: attempt.redirectUrl };
  }

  const asked = ports.providers.get(attempt.provider) ?? provider;
  if (payment.trace !== undefined) span?.link(payment.trace);
  // Unrecorded itself, the payment of a recorded order goes on in the order's trace.
  const shown = span ?? beginUnder(payment.trace, 'payment.charge');
  const charged = await chargeAttempt(ports, asked, payment, attempt, shown).finally(() => {
    if (shown !== span) shown?.end();
  });
  if (charged.outcome === 'SILENT') return { outcome: 'PROVIDER_SILENT' };
  return 'payment' in charged.result
    ? { outcome: 'STARTED', payment: charged.result.payment, redirectUrl: charged.redirectUrl }
    : { outcome: 'PROVIDER_SILENT' };
}
