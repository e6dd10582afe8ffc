// Compares one shard of the two books: every charge and refund of ours with the movement of the same key,
// and whatever movement is then left over. Told row by row, so that our side is never in memory whole.

import type { Cause, Difference } from './difference.js';
import type { Movement } from './movement.js';

/** An attempt to charge, with the amount of its payment. */
export interface OurCharge {
  readonly payment: string;
  readonly key: string;
  readonly state: 'OPEN' | 'TIMED_OUT' | 'FAILED' | 'SUCCEEDED';
  readonly number: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

export interface OurRefund {
  readonly payment: string;
  readonly key: string;
  readonly state: 'PENDING' | 'SUCCEEDED' | 'PARKED';
  readonly number: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

const CHARGED: Record<Exclude<OurCharge['state'], 'SUCCEEDED'>, Cause> = {
  OPEN: 'CALLBACK_LOST',
  TIMED_OUT: 'TIMED_OUT',
  FAILED: 'CONTRADICTED',
};

const NOT_REFUNDED: Record<OurRefund['state'], Cause> = {
  PENDING: 'REFUND_WAITING',
  PARKED: 'REFUND_REFUSED',
  SUCCEEDED: 'REFUND_MISSING',
};

export class ShardComparison {
  readonly #charges = new Map<string, Movement[]>();
  readonly #refunds = new Map<string, Movement[]>();
  readonly #found: Difference[] = [];

  constructor(movements: readonly Movement[]) {
    for (const movement of movements) {
      const byKey = movement.kind === 'charge' ? this.#charges : this.#refunds;
      const known = byKey.get(nameOf(movement));
      if (known) known.push(movement);
      else byKey.set(nameOf(movement), [movement]);
    }
  }

  charge(ours: OurCharge): void {
    const { payment, key, number, state } = ours;
    const [theirs, ...more] = take(this.#charges, ours);
    if (theirs === undefined) {
      if (state !== 'SUCCEEDED') return;
      this.#say('CHARGE_MISSING', payment, number, `${money(ours)} with us, nothing there`);
      return;
    }
    for (const second of more) {
      this.#say('CHARGED_TWICE', payment, second.number, `${money(second)} once more for ${key}`);
    }
    if (differ(ours, theirs)) {
      this.#say('AMOUNT_DIFFERS', payment, theirs.number, bothAmounts(ours, theirs));
    } else if (state !== 'SUCCEEDED') {
      this.#say(CHARGED[state], payment, theirs.number, `${money(theirs)} there, ${state} here`);
    } else if (number !== theirs.number) {
      this.#say('NUMBER_DIFFERS', payment, theirs.number, `with us it is ${number}`);
    }
  }

  refund(ours: OurRefund): void {
    const { payment, key, state, number } = ours;
    const [theirs, ...more] = take(this.#refunds, ours);
    if (theirs === undefined) {
      const detail = `${money(ours)} ${state} with us, nothing there`;
      this.#say(NOT_REFUNDED[state], payment, number || key, detail);
      return;
    }
    for (const second of more) {
      this.#say('REFUND_TWICE', payment, second.number, `${money(second)} once more for ${key}`);
    }
    if (differ(ours, theirs)) {
      this.#say('AMOUNT_DIFFERS', payment, theirs.number, bothAmounts(ours, theirs));
    } else if (state !== 'SUCCEEDED') {
      const detail = `${money(theirs)} there, ${state} here`;
      this.#say('REFUND_CALLBACK_LOST', payment, theirs.number, detail);
    }
  }

  /** All that was found, and with it the movements that nobody of ours has asked for. */
  end(): Difference[] {
    for (const movement of [...this.#charges.values()].flat()) {
      const { reference, number, key } = movement;
      this.#say('CHARGE_UNKNOWN', reference, number, `${money(movement)} under ${key}`);
    }
    for (const movement of [...this.#refunds.values()].flat()) {
      const { reference, number, key } = movement;
      this.#say('REFUND_UNKNOWN', reference, number, `${money(movement)} under ${key}`);
    }
    return this.#found;
  }

  #say(cause: Cause, payment: string, number: string, detail: string): void {
    this.#found.push({ cause, payment, number, detail });
  }
}

interface Amount {
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** A key alone would let one payment's money answer for another's. */
function nameOf({ reference, key }: Pick<Movement, 'reference' | 'key'>): string {
  return `${reference} ${key}`;
}

function take(
  movements: Map<string, Movement[]>,
  { payment, key, number }: Pick<OurCharge, 'payment' | 'key' | 'number'>,
): Movement[] {
  const name = nameOf({ reference: payment, key });
  const found = movements.get(name) ?? [];
  movements.delete(name);
  // Of several the one that we know is ours.
  return found.sort((a, b) => Number(b.number === number) - Number(a.number === number));
}

function differ(ours: Amount, theirs: Amount): boolean {
  return ours.currency !== theirs.currency || ours.amountMinor !== theirs.amountMinor;
}

function bothAmounts(ours: Amount, theirs: Amount): string {
  return `${money(theirs)} there, ${money(ours)} here`;
}

function money({ currency, amountMinor }: Amount): string {
  return `${currency} ${amountMinor}`;
}
