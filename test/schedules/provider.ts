// A payment provider in memory, and the only ledger that nobody else writes: what it has captured and
// paid back is what really happened to the buyer's money. Each charge has a fate, and each of its
// changes is called back as often as the plan says, or never.

import type {
  Charge,
  ChargeAnswer,
  ChargeOrder,
  EventReading,
  FindAnswer,
  Provider,
  ProviderEvent,
  RefundAnswer,
  RefundOrder,
} from '../../services/payment/app/ports.js';

/**
 * NOW is captured with the answer, SOON and BUYER after it, LATE when everybody has given up. DECLINED
 * fails; TURNS fails and is captured after all; AWAY waits for its buyer for ever.
 */
export const FATES = ['NOW', 'SOON', 'BUYER', 'DECLINED', 'TURNS', 'LATE', 'AWAY'] as const;
export type Fate = (typeof FATES)[number];

const FIRST_STATE: Record<Fate, Charge['state']> = {
  NOW: 'SUCCEEDED',
  SOON: 'PROCESSING',
  BUYER: 'INITIALISED',
  DECLINED: 'PROCESSING',
  TURNS: 'PROCESSING',
  LATE: 'INITIALISED',
  AWAY: 'INITIALISED',
};

const LATER: Record<Fate, readonly Charge['state'][]> = {
  NOW: [],
  SOON: ['SUCCEEDED'],
  BUYER: ['SUCCEEDED'],
  DECLINED: ['FAILED'],
  TURNS: ['FAILED', 'SUCCEEDED'],
  LATE: [],
  AWAY: [],
};

interface LedgerEntry {
  charge: Charge;
  readonly paymentId: string;
  readonly key: string;
  readonly fate: Fate;
  refundedMinor: bigint;
}

export class LedgerProvider implements Provider {
  readonly name = 'ledger';
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #refunds = new Map<string, { number: string; amountMinor: bigint }>();
  readonly #o: LedgerProviderParts;
  #events = 0;

  constructor(o: LedgerProviderParts) {
    this.#o = o;
  }

  /** What the buyer has paid and not got back. */
  get keptMinor(): bigint {
    let kept = 0n;
    for (const { charge, refundedMinor } of this.#entries.values()) {
      if (charge.state === 'SUCCEEDED') kept += charge.amountMinor - refundedMinor;
    }
    return kept;
  }

  get captures(): number {
    return [...this.#entries.values()].filter((e) => e.charge.state === 'SUCCEEDED').length;
  }

  up(): boolean {
    return true;
  }

  async charge({ key, paymentId, currency, amountMinor }: ChargeOrder): Promise<ChargeAnswer> {
    return this.#heard(async () => {
      const known = this.#entries.get(key);
      if (known) return { outcome: 'ACCEPTED', charge: known.charge };
      const fate = this.#o.fate();
      const number = `ch-${key}`;
      const state = FIRST_STATE[fate];
      const charge: Charge = { number, state, redirectUrl: '', currency, amountMinor };
      const entry = { charge, paymentId, key, fate, refundedMinor: 0n };
      this.#entries.set(key, entry);
      if (state === 'SUCCEEDED') this.#callBack(entry);
      this.#o.later(`provider of ${key}`, LATER[fate], (next) => this.#become(entry, next));
      return { outcome: 'ACCEPTED', charge };
    });
  }

  async find(key: string): Promise<FindAnswer> {
    return this.#heard(async () => {
      const charge = this.#entries.get(key)?.charge;
      return charge ? { outcome: 'FOUND', charge } : { outcome: 'NOT_FOUND' };
    });
  }

  async refund({ key, chargeNumber, amountMinor }: RefundOrder): Promise<RefundAnswer> {
    return this.#heard(async () => {
      const done = this.#refunds.get(key);
      if (done) return { outcome: 'SUCCEEDED', number: done.number };
      const entry = [...this.#entries.values()].find((e) => e.charge.number === chargeNumber);
      if (entry?.charge.state !== 'SUCCEEDED') return { outcome: 'REFUSED', reason: 'no capture' };
      if (entry.refundedMinor + amountMinor > entry.charge.amountMinor) {
        return { outcome: 'REFUSED', reason: 'more than was captured' };
      }
      entry.refundedMinor += amountMinor;
      const number = `re-${key}`;
      this.#refunds.set(key, { number, amountMinor });
      return { outcome: 'SUCCEEDED', number };
    });
  }

  readEvent(_signature: string, body: Uint8Array): EventReading {
    const event = JSON.parse(new TextDecoder().decode(body)) as ProviderEvent;
    return { outcome: 'EVENT', event: { ...event, amountMinor: BigInt(event.amountMinor) } };
  }

  /** The buyers who were given up pay after all. */
  payLate(): void {
    for (const entry of this.#entries.values()) {
      if (entry.fate === 'LATE') this.#become(entry, 'SUCCEEDED');
    }
  }

  #become(entry: LedgerEntry, state: Charge['state']): void {
    const { state: before } = entry.charge;
    if (before === state) return;
    entry.charge = { ...entry.charge, state };
    // Nobody asks for a charge that has failed: what a provider has contradicted it tells again.
    this.#callBack(entry, before === 'FAILED' ? 1 : 0);
  }

  #callBack({ charge, paymentId, key }: LedgerEntry, copiesMin = 0): void {
    this.#events += 1;
    const succeeded = charge.state === 'SUCCEEDED';
    const event = {
      eventId: `ev-${this.#events}`,
      kind: succeeded ? 'charge.succeeded' : 'charge.failed',
      number: charge.number,
      reference: paymentId,
      key,
      currency: charge.currency,
      amountMinor: charge.amountMinor.toString(),
      provider: this.name,
    };
    this.#o.callBack(new TextEncoder().encode(JSON.stringify(event)), copiesMin);
  }

  // Whoever hears nothing does not know whether the provider has acted.
  async #heard<T>(act: () => Promise<T>): Promise<T | { outcome: 'UNKNOWN'; reason: string }> {
    try {
      return await this.#o.cross('provider', act);
    } catch {
      return { outcome: 'UNKNOWN', reason: 'lost' };
    }
  }
}

export interface LedgerProviderParts {
  /** Of the next charge. */
  readonly fate: () => Fate;
  /** Runs something that may be lost on the way there or on the way back. */
  readonly cross: <T>(label: string, act: () => Promise<T>) => Promise<T>;
  /** Lets a charge go through its further states, each at any time after the one before. */
  readonly later: (
    label: string,
    states: readonly Charge['state'][],
    become: (state: Charge['state']) => void,
  ) => void;
  readonly callBack: (body: Uint8Array, copiesMin: number) => void;
}
