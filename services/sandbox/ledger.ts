// The provider's book: charges, refunds, and which of its events were taken. Every movement is one entry;
// the state is what the entries add up to, whether they were just made or read back from a file.
// Invariants: one charge per key, one refund per key, refunds of a charge never exceed it.

export interface Money {
  readonly currency: string;
  readonly amount_minor: number;
}

export interface ChargeRequest {
  readonly key: string;
  readonly reference: string;
  readonly method: string;
  readonly amount: Money;
  readonly callback_url: string;
}

export type ChargeStatus = 'initialised' | 'processing' | 'succeeded' | 'failed';

export interface Charge extends ChargeRequest {
  readonly number: string;
  /** What its creation was answered with, and every repetition of it. */
  readonly first: { readonly status: ChargeStatus; readonly redirect_url: string };
  readonly status: ChargeStatus;
  readonly refunded_minor: number;
  readonly created_ms: number;
}

export interface RefundRequest {
  readonly key: string;
  readonly charge: string;
  readonly amount: Money;
}

export interface Refund extends RefundRequest {
  readonly number: string;
  readonly created_ms: number;
}

export type Entry =
  | { entry: 'charge'; charge: Charge }
  | { entry: 'settled'; number: string; status: 'succeeded' | 'failed'; at_ms: number }
  | { entry: 'refund'; refund: Refund }
  | { entry: 'taken'; number: string };

export interface LedgerEvent {
  readonly id: string;
  readonly type: 'charge.succeeded' | 'charge.failed' | 'refund.succeeded';
  readonly callbackUrl: string;
  readonly data: {
    readonly number: string;
    readonly reference: string;
    readonly amount: Money;
    readonly idempotency_key: string;
  };
}

export type ChargeAnswer =
  | { outcome: 'CREATED' | 'REPEATED'; charge: Charge }
  | { outcome: 'KEY_REUSED' };

export type RefundAnswer =
  | { outcome: 'CREATED' | 'REPEATED'; refund: Refund }
  | { outcome: 'KEY_REUSED' | 'CHARGE_UNKNOWN' | 'EXCEEDS_CHARGE' };

export interface LedgerOptions {
  /** Keeps an entry before it counts. */
  readonly write: (entry: Entry) => void;
  readonly newNumber: (prefix: 'ch' | 're') => string;
  readonly nowMs: () => number;
  readonly payUrl: (number: string) => string;
}

export const METHODS = ['card', 'card_declined', 'card_redirect'] as const;

export class Ledger {
  readonly #o: LedgerOptions;
  readonly #charges = new Map<string, Charge>();
  readonly #chargeByKey = new Map<string, string>();
  readonly #refunds = new Map<string, Refund>();
  readonly #refundByKey = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(o: LedgerOptions) {
    this.#o = o;
  }

  charge(request: ChargeRequest): ChargeAnswer {
    const earlier = this.chargeOfKey(request.key);
    if (earlier !== undefined) {
      return sameCharge(earlier, request)
        ? { outcome: 'REPEATED', charge: earlier }
        : { outcome: 'KEY_REUSED' };
    }
    const number = this.#o.newNumber('ch');
    const waits = request.method === 'card_redirect';
    const status = waits ? 'initialised' : 'processing';
    const first = { status, redirect_url: waits ? this.#o.payUrl(number) : '' } as const;
    const created_ms = this.#o.nowMs();
    const charge: Charge = { ...request, number, first, status, refunded_minor: 0, created_ms };
    this.#record({ entry: 'charge', charge });
    return { outcome: 'CREATED', charge };
  }

  /** Ends a charge as its method says; undefined when it has ended before or is unknown. */
  settle(number: string): LedgerEvent | undefined {
    const charge = this.#charges.get(number);
    if (charge === undefined || ended(charge)) return undefined;
    const status = charge.method === 'card_declined' ? 'failed' : 'succeeded';
    this.#record({ entry: 'settled', number, status, at_ms: this.#o.nowMs() });
    return this.eventOf(number);
  }

  refund(request: RefundRequest): RefundAnswer {
    const earlier = this.#refunds.get(this.#refundByKey.get(request.key) ?? '');
    if (earlier !== undefined) {
      const same =
        earlier.charge === request.charge &&
        earlier.amount.amount_minor === request.amount.amount_minor;
      return same ? { outcome: 'REPEATED', refund: earlier } : { outcome: 'KEY_REUSED' };
    }
    const charge = this.#charges.get(request.charge);
    if (charge?.status !== 'succeeded') return { outcome: 'CHARGE_UNKNOWN' };
    const left = charge.amount.amount_minor - charge.refunded_minor;
    const { currency, amount_minor } = request.amount;
    if (currency !== charge.amount.currency || amount_minor > left) {
      return { outcome: 'EXCEEDS_CHARGE' };
    }
    const number = this.#o.newNumber('re');
    const refund: Refund = { ...request, number, created_ms: this.#o.nowMs() };
    this.#record({ entry: 'refund', refund });
    return { outcome: 'CREATED', refund };
  }

  /** The receiver has answered that it has the event. */
  taken(number: string): void {
    if (!this.#taken.has(number)) this.#record({ entry: 'taken', number });
  }

  chargeOfKey(key: string): Charge | undefined {
    return this.chargeOf(this.#chargeByKey.get(key) ?? '');
  }

  chargeOf(number: string): Charge | undefined {
    return this.#charges.get(number);
  }

  /** The event of a charge that has ended or of a refund. Its id never changes. */
  eventOf(number: string): LedgerEvent | undefined {
    const refund = this.#refunds.get(number);
    const charge = this.#charges.get(refund?.charge ?? number);
    if (charge === undefined || !ended(charge)) return undefined;
    const type = charge.status === 'succeeded' ? 'charge.succeeded' : 'charge.failed';
    return {
      id: `evt_${number}`,
      type: refund === undefined ? type : 'refund.succeeded',
      callbackUrl: charge.callback_url,
      data: {
        number,
        reference: charge.reference,
        amount: refund?.amount ?? charge.amount,
        idempotency_key: refund?.key ?? charge.key,
      },
    };
  }

  /** After a restart: what still has to settle, and what nobody has taken yet. */
  unfinished(): { settle: string[]; tell: LedgerEvent[] } {
    const charges = [...this.#charges.values()];
    const settle = charges.filter((c) => c.status === 'processing').map((c) => c.number);
    const numbers = [...this.#charges.keys(), ...this.#refunds.keys()];
    const untaken = numbers.filter((number) => !this.#taken.has(number));
    return { settle, tell: untaken.flatMap((number) => this.eventOf(number) ?? []) };
  }

  /** Captured charges and refunds, oldest first within each. */
  *movements(): Generator<{ kind: 'charge' | 'refund'; reference: string } & Moved> {
    for (const charge of this.#charges.values()) {
      if (charge.status === 'succeeded') yield { kind: 'charge', ...moved(charge, charge) };
    }
    for (const refund of this.#refunds.values()) {
      const charge = this.#charges.get(refund.charge) as Charge;
      yield { kind: 'refund', ...moved(refund, charge) };
    }
  }

  /** Adds an entry to the state without writing it: for entries that were written before. */
  replay(entry: Entry): void {
    switch (entry.entry) {
      case 'charge':
        this.#charges.set(entry.charge.number, entry.charge);
        this.#chargeByKey.set(entry.charge.key, entry.charge.number);
        return;
      case 'settled':
        this.#change(entry.number, (charge) => ({ ...charge, status: entry.status }));
        return;
      case 'refund':
        this.#refunds.set(entry.refund.number, entry.refund);
        this.#refundByKey.set(entry.refund.key, entry.refund.number);
        this.#change(entry.refund.charge, (charge) => ({
          ...charge,
          refunded_minor: charge.refunded_minor + entry.refund.amount.amount_minor,
        }));
        return;
      case 'taken':
        this.#taken.add(entry.number);
    }
  }

  #record(entry: Entry): void {
    this.#o.write(entry);
    this.replay(entry);
  }

  #change(number: string, change: (charge: Charge) => Charge): void {
    const charge = this.#charges.get(number);
    if (charge !== undefined) this.#charges.set(number, change(charge));
  }
}

interface Moved {
  readonly number: string;
  readonly currency: string;
  readonly amount_minor: number;
  readonly at_ms: number;
}

function moved(of: Charge | Refund, charge: Charge): Moved & { reference: string } {
  const { number, amount, created_ms } = of;
  return { number, reference: charge.reference, ...amount, at_ms: created_ms };
}

function ended(charge: Charge): boolean {
  return charge.status === 'succeeded' || charge.status === 'failed';
}

/** Where to call back is not part of the order: it may move between two copies of a request. */
function sameCharge(a: ChargeRequest, b: ChargeRequest): boolean {
  return (
    a.reference === b.reference &&
    a.method === b.method &&
    a.amount.currency === b.amount.currency &&
    a.amount.amount_minor === b.amount.amount_minor
  );
}
