// Gives unpaid payments up. The batch form, which the order service uses, also bars payments that were
// never created; an id that no payment can ever have needs no bar.

import { type CancelResult, cancelOrBar, cancelPayment } from '../domain/cancel.js';
import { orderIdOf } from '../domain/payment-id.js';
import type { PaymentPorts } from './ports.js';

export type CancelOutcome = 'CANCELLED' | 'IN_PROGRESS' | 'CAPTURED' | 'UNKNOWN';

export function cancelOne(
  ports: PaymentPorts,
  orderId: bigint,
  deadlineMs: number,
): Promise<CancelResult> {
  return ports.store.update({ orderId, deadlineMs }, (file, { nowMs }) =>
    cancelPayment(file, nowMs),
  );
}

/** One outcome per id; what could not be decided is UNKNOWN and may be asked again. */
export function cancelMany(
  ports: PaymentPorts,
  paymentIds: readonly string[],
  deadlineMs: number,
): Promise<CancelOutcome[]> {
  return Promise.all(paymentIds.map((paymentId) => cancelSafely(ports, paymentId, deadlineMs)));
}

async function cancelSafely(
  ports: PaymentPorts,
  paymentId: string,
  deadlineMs: number,
): Promise<CancelOutcome> {
  const orderId = orderIdOf(paymentId);
  if (orderId === undefined) return 'CANCELLED';
  try {
    const target = { orderId, deadlineMs };
    const result = await ports.store.update(target, (file, { nowMs }) =>
      cancelOrBar(orderId, file, nowMs),
    );
    return result.outcome === 'PAYMENT_UNKNOWN' ? 'UNKNOWN' : result.outcome;
  } catch (e) {
    ports.log.debug({ paymentId, err: e }, 'cancel without an answer');
    return 'UNKNOWN';
  }
}
