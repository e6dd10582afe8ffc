// Gives unpaid payments up. The batch form, which the order service uses, also bars payments that were
// never created; an id that no payment can ever have needs no bar.

import type { Span } from '../../platform/telemetry/trace-context.js';
import { type CancelResult, cancelOrBar, cancelPayment } from '../domain/cancel.js';
import { type PaymentKey, paymentKeyOf } from '../domain/payment-id.js';
import type { PaymentPorts } from './ports.js';

export type CancelOutcome = 'CANCELLED' | 'IN_PROGRESS' | 'CAPTURED' | 'UNKNOWN';

export function cancelOne(
  ports: PaymentPorts,
  payment: PaymentKey,
  deadlineMs: number,
  span?: Span,
): Promise<CancelResult> {
  return ports.store.update({ payment, deadlineMs, span }, (file, { nowMs }) =>
    cancelPayment(file, nowMs),
  );
}

/** One outcome per id; what could not be decided is UNKNOWN and may be asked again. */
export function cancelMany(
  ports: PaymentPorts,
  paymentIds: readonly string[],
  deadlineMs: number,
  spanOf?: (index: number) => Span | undefined,
): Promise<CancelOutcome[]> {
  return Promise.all(
    paymentIds.map((paymentId, i) => cancelSafely(ports, paymentId, deadlineMs, spanOf?.(i))),
  );
}

async function cancelSafely(
  ports: PaymentPorts,
  paymentId: string,
  deadlineMs: number,
  span: Span | undefined,
): Promise<CancelOutcome> {
  const payment = paymentKeyOf(paymentId);
  if (payment === undefined) return 'CANCELLED';
  try {
    const target = { payment, deadlineMs, span };
    const result = await ports.store.update(target, (file, { nowMs }) =>
      cancelOrBar(payment, file, nowMs),
    );
    return result.outcome === 'PAYMENT_UNKNOWN' ? 'UNKNOWN' : result.outcome;
  } catch (e) {
    ports.log.debug({ paymentId, err: e }, 'cancel without an answer');
    return 'UNKNOWN';
  }
}
