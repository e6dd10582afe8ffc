// Beginning an attempt. The request id is looked at first, so that a retry hears its first answer even
// when the payment has moved on; then state, times, and whether the provider can be asked at all.

import { type Attempt, nextVersion, type Payment } from './payment.js';
import type { Decision, PaymentFile } from './payment-file.js';

export interface StartCommand {
  readonly requestId: string;
  readonly method: string;
  readonly provider: string;
  /** False while the provider is known to be down: then nothing is recorded, the order stays free. */
  readonly providerUp: boolean;
  /** How long an answer may be missing before the resolver asks. */
  readonly lookAfterMs: number;
}

export type StartResult =
  | { outcome: 'STARTED'; payment: Payment; attempt: Attempt }
  | { outcome: 'REPEATED'; payment: Payment; attempt: Attempt }
  | { outcome: 'PAYMENT_IN_PROGRESS' | 'TRANSITION_ILLEGAL'; payment: Payment }
  | { outcome: 'PAYMENT_NOT_OPEN' | 'PAYMENT_DEADLINE_PASSED'; payment: Payment }
  | { outcome: 'REQUEST_ID_REUSED' | 'PAYMENT_UNKNOWN' | 'PROVIDER_DOWN' };

export function startAttempt(
  file: PaymentFile | undefined,
  command: StartCommand,
  nowMs: number,
): Decision<StartResult> {
  if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
  const { payment } = file;
  const earlier = file.attempts.find((a) => a.requestId === command.requestId);
  if (earlier !== undefined) {
    return earlier.method === command.method
      ? { result: { outcome: 'REPEATED', payment, attempt: earlier } }
      : { result: { outcome: 'REQUEST_ID_REUSED' } };
  }
  const refusal = refusalOf(payment, nowMs);
  if (refusal !== undefined) return { result: { outcome: refusal, payment } };
  if (!command.providerUp) return { result: { outcome: 'PROVIDER_DOWN' } };
  return started(payment, command, nowMs);
}

function refusalOf(payment: Payment, nowMs: number) {
  switch (payment.state) {
    case 'PENDING':
    case 'INITIALISED':
    case 'PROCESSING':
      return 'PAYMENT_IN_PROGRESS';
    case 'SUCCEEDED':
    case 'CANCELLED':
      return 'TRANSITION_ILLEGAL';
    case 'NOT_STARTED':
    case 'FAILED':
    case 'TIMED_OUT':
      if (nowMs < (payment.opensMs ?? 0)) return 'PAYMENT_NOT_OPEN';
      return nowMs > payment.deadlineMs ? 'PAYMENT_DEADLINE_PASSED' : undefined;
  }
}

function started(payment: Payment, command: StartCommand, nowMs: number): Decision<StartResult> {
  const attempt: Attempt = {
    attemptNo: payment.attemptNo + 1,
    requestId: command.requestId,
    provider: command.provider,
    method: command.method,
    state: 'PENDING',
    providerNumber: '',
    redirectUrl: '',
    createdMs: nowMs,
  };
  const next = nextVersion(payment, nowMs, {
    state: 'PENDING',
    attemptNo: attempt.attemptNo,
    dueMs: nowMs + command.lookAfterMs,
  });
  return {
    result: { outcome: 'STARTED', payment: next, attempt },
    change: { payment: next, attempts: [attempt], cause: `start ${command.requestId}` },
  };
}
