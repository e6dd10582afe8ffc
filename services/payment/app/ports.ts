// What the use cases need from the world: a store that applies decisions, a provider that moves money,
// and the order service. Adapters implement these; nothing here speaks SQL, HTTP or gRPC.

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { Traced } from '../../platform/telemetry/trace-context.js';
import type { ChargeState } from '../domain/charge.js';
import type { CreateOutcome, NewPayment } from '../domain/create.js';
import type { LookTimes } from '../domain/look.js';
import type { Attempt, Payment } from '../domain/payment.js';
import type { Decide } from '../domain/payment-file.js';
import type { PaymentKey } from '../domain/payment-id.js';

export interface PaymentPorts {
  readonly store: PaymentStore;
  readonly providers: Providers;
  readonly orders: Orders;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: PaymentSettings;
}

export interface PaymentSettings extends LookTimes {
  /** How long a step that must not be abandoned half-way may take, whatever its caller still has. */
  readonly stepMsMax: number;
  /** What callers are told to wait while the provider does not answer. */
  readonly providerRetryMs: number;
}

export interface PaymentStore {
  /** Creates what is new and compares what exists; one outcome per item, in the same order. */
  create(items: readonly NewPayment[], deadlineMs: number): Promise<CreateOutcome[]>;
  get(key: PaymentKey, deadlineMs: number): Promise<Payment | undefined>;
  /**
   * Locks the payment, decides, and writes the change; many calls share one commit. `decide` may run
   * more than once, so it must be pure. Idempotency is the decision's own business.
   */
  update<R>(target: UpdateTarget, decide: Decide<R>): Promise<R>;
}

export interface UpdateTarget extends Traced {
  readonly payment: PaymentKey;
  readonly deadlineMs: number;
  /** The provider's event that asks for the change; `moment.eventSeen` says if it was applied. */
  readonly eventId?: string;
}

/** One server's payments that are to be looked at now. */
export interface DuePayments {
  readonly name: string;
  /** Claims them: until the next look nobody else gets them. */
  claim(limit: number, times: LookTimes, deadlineMs: number): Promise<DuePayment[]>;
}

export interface DuePayment {
  readonly payment: Payment;
  readonly openAttempts: readonly Attempt[];
}

export interface Providers {
  get(name: string): Provider | undefined;
  forMethod(method: string): Provider;
}

/**
 * A payment provider. Every call carries a key under which the provider acts at most once. UNKNOWN means
 * that it may have acted: ask again under the same key.
 */
export interface Provider {
  readonly name: string;
  /** False while it is known to be down. */
  up(): boolean;
  charge(order: ChargeOrder): Promise<ChargeAnswer>;
  /** `number` is what it has called the charge; empty when it has not told us. */
  find(key: string, number: string): Promise<FindAnswer>;
  refund(order: RefundOrder): Promise<RefundAnswer>;
  /** Checks signature and age of a callback, then reads it. Never throws on odd input. */
  readEvent(signature: string, body: Uint8Array): EventReading;
}

export interface ChargeOrder extends Traced {
  readonly key: string;
  readonly paymentId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly method: string;
}

export interface Charge {
  readonly number: string;
  readonly state: ChargeState;
  readonly redirectUrl: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

export type ChargeAnswer =
  | { outcome: 'ACCEPTED'; charge: Charge }
  | { outcome: 'REFUSED'; reason: string }
  | { outcome: 'UNKNOWN'; reason: string };

export type FindAnswer =
  | { outcome: 'FOUND'; charge: Charge }
  /** Nobody can have paid: another charge under the same key does no harm. */
  | { outcome: 'NOT_FOUND' }
  | { outcome: 'UNKNOWN'; reason: string };

export interface RefundOrder extends Traced {
  readonly key: string;
  readonly chargeNumber: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

export type RefundAnswer =
  | { outcome: 'SUCCEEDED'; number: string }
  | { outcome: 'REFUSED'; reason: string }
  | { outcome: 'UNKNOWN'; reason: string };

export type EventReading =
  | { outcome: 'EVENT'; event: ProviderEvent }
  /** Genuine, but of a kind that nobody here needs. */
  | { outcome: 'IGNORED'; kind: string }
  | { outcome: 'FORGED'; reason: string };

export interface ProviderEvent {
  readonly eventId: string;
  readonly kind: 'charge.succeeded' | 'charge.failed' | 'refund.succeeded';
  readonly number: string;
  /** The payment's id, as we had given it. */
  readonly reference: string;
  readonly key: string;
  /** When it happened, where the provider says so. */
  readonly createdMs?: number | undefined;
  readonly currency: string;
  readonly amountMinor: bigint;
}

export interface Orders {
  /** Tells what became of payments; one outcome per record. Never rejects: UNKNOWN instead. */
  recordPayments(
    records: readonly PaymentRecord[],
    deadlineMs: number,
  ): Promise<PaymentRecordOutcome[]>;
}

export interface PaymentRecord extends Traced {
  readonly orderId: string;
  readonly paymentId: string;
  readonly news: 'CAPTURED' | 'REFUNDED';
  readonly currency: string;
  readonly capturedMinor: bigint;
}

export type PaymentRecordOutcome = 'RECORDED' | 'REFUND' | 'MISMATCH' | 'UNKNOWN';
