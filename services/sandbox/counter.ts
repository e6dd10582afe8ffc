// The provider's counter, where charges and refunds are ordered and asked about. Whatever it answers is in
// the ledger before; a fault rule may make it refuse before that, or say nothing after it.

import { type Answer, refusal, SILENCE } from './answer.js';
import type { Faults, Occasion } from './faults.js';
import type { Ledger } from './ledger.js';
import { chargeJson, chargeSchema, keySchema, problemOf, refundSchema } from './messages.js';
import { methodOf } from './methods.js';
import type { LedgerEvent } from './records.js';

export interface CounterOptions {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly tell: (event: LedgerEvent) => void;
  readonly settleLater: (number: string) => void;
}

export class Counter {
  readonly #o: CounterOptions;

  constructor(o: CounterOptions) {
    this.#o = o;
  }

  charge(keyText: unknown, body: unknown, traceparent?: string): Answer | typeof SILENCE {
    const key = keySchema.safeParse(keyText);
    const parsed = chargeSchema.safeParse(body);
    if (!key.success) return KEY_ODD;
    if (!parsed.success) return refusal(400, problemOf(parsed.error));
    const { method, reference } = parsed.data;
    const on: Occasion = { of: 'charge', method, reference };
    const { ledger, faults, settleLater } = this.#o;
    if (faults.meets('outage', on) !== undefined) return OUTAGE;
    if (methodOf(method).ends === 'refused') return refusal(402, 'the card is refused');
    const fresh = ledger.chargeOfKey(key.data) === undefined;
    const declined = fresh && faults.meets('decline', on) !== undefined;
    const answer = ledger.charge({ ...parsed.data, key: key.data, traceparent }, declined);
    if (answer.outcome === 'KEY_REUSED') return refusal(409, 'the key was used for another charge');
    const { charge } = answer;
    if (answer.outcome === 'CREATED' && charge.status === 'processing') settleLater(charge.number);
    if (faults.meets('silence', on) !== undefined) return SILENCE;
    return { status: 200, body: chargeJson(charge, charge.first) };
  }

  find(key: string): Answer {
    const charge = this.#o.ledger.chargeOfKey(key);
    if (charge === undefined) return refusal(404, 'no charge under this key');
    const { redirect_url } = charge.first;
    return { status: 200, body: chargeJson(charge, { status: charge.status, redirect_url }) };
  }

  refund(keyText: unknown, body: unknown, traceparent?: string): Answer | typeof SILENCE {
    const key = keySchema.safeParse(keyText);
    const parsed = refundSchema.safeParse(body);
    if (!key.success) return KEY_ODD;
    if (!parsed.success) return refusal(400, problemOf(parsed.error));
    const { ledger, faults, tell } = this.#o;
    const { method = '', reference = '' } = ledger.chargeOf(parsed.data.charge) ?? {};
    const on: Occasion = { of: 'refund', method, reference };
    if (faults.meets('outage', on) !== undefined) return OUTAGE;
    const answer = ledger.refund({ ...parsed.data, key: key.data, traceparent });
    if (answer.outcome !== 'CREATED' && answer.outcome !== 'REPEATED') {
      return REFUND_REFUSALS[answer.outcome];
    }
    const { number, charge, amount } = answer.refund;
    const event = ledger.eventOf(number);
    if (answer.outcome === 'CREATED' && event !== undefined) tell(event);
    if (faults.meets('silence', on) !== undefined) return SILENCE;
    return { status: 200, body: { number, charge, amount, status: 'succeeded' } };
  }
}

const KEY_ODD = refusal(400, 'Idempotency-Key is missing or odd');
const OUTAGE = refusal(503, 'out of order for now');

const REFUND_REFUSALS = {
  KEY_REUSED: refusal(409, 'the key was used for another refund'),
  CHARGE_UNKNOWN: refusal(404, 'no such captured charge'),
  EXCEEDS_CHARGE: refusal(422, 'more than is left of the charge'),
};
