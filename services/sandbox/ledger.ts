// The provider's book: charges, refunds, and which of its events were taken. Every movement is one entry;
// the state is what the entries add up to, whether they were just made or read back from a file.
// Invariants: one charge per key, one refund per key, refunds of a charge never exceed it.

import { methodOf } from './methods.js';
import type {
  Charge,
  ChargeRequest,
  Entry,
  LedgerEvent,
  Movement,
  Refund,
  RefundRequest,
} from './records.js';

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

export class Ledger {
  readonly #o: LedgerOptions;
  readonly #charges = new Map<string, Charge>();
  readonly #chargeByKey = new Map<string, string>();
  readonly #refunds = new Map<string, Refund>();
  readonly #refundByKey = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #movements: Movement[] = [];

  constructor(o: LedgerOptions) {
    this.#o = o;
  }

  /** `declined` makes a new charge fail, whatever its method says. */
  charge(request: ChargeRequest, declined = false): ChargeAnswer {
    const earlier = this.chargeOfKey(request.key);
    if (earlier !== undefined) {
      return sameCharge(earlier, request)
        ? { outcome: 'REPEATED', charge: earlier }
        : { outcome: 'KEY_REUSED' };
    }
    const number = this.#o.newNumber('ch');
    const waits = methodOf(request.method).waits === true;
    const status = waits ? 'initialised' : 'processing';
    const charge: Charge = {
      ...request,
      number,
      first: { status, redirect_url: waits ? this.#o.payUrl(number) : '' },
      status,
      refunded_minor: 0,
      created_ms: this.#o.nowMs(),
      ...(declined && { declined }),
    };
    this.#record({ entry: 'charge', charge });
    return { outcome: 'CREATED', charge };
  }

  /** Ends a charge as its method says; undefined when it has ended before or is unknown. */
  settle(number: string): LedgerEvent | undefined {
    const charge = this.#charges.get(number);
    if (charge === undefined || ended(charge)) return undefined;
    const succeeds = charge.declined !== true && methodOf(charge.method).ends === 'succeeded';
    const status = succeeds ? 'succeeded' : 'failed';
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
      happened_ms: refund?.created_ms ?? charge.settled_ms ?? charge.created_ms,
      method: charge.method,
      traceparent: (refund ?? charge).traceparent,
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

  /** Money that has moved until now, oldest first. What moves meanwhile is left for the next look. */
  *movements(): Generator<Movement> {
    const end = this.#movements.length;
    for (let i = 0; i < end; i += 1) yield this.#movements[i] as Movement;
  }

  /** Adds an entry to the state without writing it: for entries that were written before. */
  replay(entry: Entry): void {
    switch (entry.entry) {
      case 'charge':
        this.#charges.set(entry.charge.number, entry.charge);
        this.#chargeByKey.set(entry.charge.key, entry.charge.number);
        return;
      case 'settled':
        this.#change(entry.number, (charge) => ({
          ...charge,
          status: entry.status,
          settled_ms: entry.at_ms,
        }));
        if (entry.status === 'succeeded') this.#move('charge', entry.number, entry.at_ms);
        return;
      case 'refund':
        this.#refunds.set(entry.refund.number, entry.refund);
        this.#refundByKey.set(entry.refund.key, entry.refund.number);
        this.#change(entry.refund.charge, (charge) => ({
          ...charge,
          refunded_minor: charge.refunded_minor + entry.refund.amount.amount_minor,
        }));
        this.#move('refund', entry.refund.number, entry.refund.created_ms);
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

  #move(kind: 'charge' | 'refund', number: string, at_ms: number): void {
    const refund = this.#refunds.get(number);
    const charge = this.#charges.get(refund?.charge ?? number);
    if (charge === undefined) return;
    const { key, amount } = refund ?? charge;
    const { reference } = charge;
    this.#movements.push({ at_ms, number, kind, reference, key, ...amount });
  }
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
