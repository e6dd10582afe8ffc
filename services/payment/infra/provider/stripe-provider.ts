// Stripe behind the provider port. A charge is a Checkout Session: a page of Stripe's to which the buyer is
// sent, so that no card ever touches us, and which is one charge however many cards are tried on it.
//
// Stripe cannot be asked by idempotency key, and keeps keys for a day. What stands in for that:
// * A session whose number we never heard cannot have been paid, because its address came in the same
//   answer. To charge again under the same key is then harmless, for ever, and `find` says NOT_FOUND.
// * Refunds carry our key as metadata and are looked for in the list of their payment before one is made,
//   so that a refund that is asked for again after days is made once.

import type { Clock } from '../../../platform/clock.js';
import type {
  ChargeAnswer,
  ChargeOrder,
  EventReading,
  FindAnswer,
  Provider,
  RefundAnswer,
  RefundOrder,
} from '../../app/ports.js';
import { AGE_SECONDS_MAX } from './signature.js';
import type { StripeAnswer, StripeClient } from './stripe-client.js';
import {
  OUR_KEY,
  OUR_PAYMENT,
  readRefund,
  readSession,
  readStripeEvent,
  type StripeCharge,
  type StripeRefund,
} from './stripe-messages.js';
import { toStripeAmount } from './stripe-money.js';

export interface StripeProviderOptions {
  readonly client: StripeClient;
  readonly clock: Clock;
  readonly webhookSecrets: readonly string[];
  /** Where Stripe sends the buyer afterwards. */
  readonly returnUrl: string;
}

/** The largest page that Stripe has. A payment with more refunds than this is a person's business. */
const REFUNDS_MAX = 100;

export class StripeProvider implements Provider {
  readonly name = 'stripe';
  readonly #o: StripeProviderOptions;

  constructor(o: StripeProviderOptions) {
    this.#o = o;
  }

  up(): boolean {
    return this.#o.client.up();
  }

  /** Nothing in it may depend on the time: under one key Stripe takes only one and the same call. */
  async charge(order: ChargeOrder): Promise<ChargeAnswer> {
    const unitAmount = toStripeAmount(order.currency, order.amountMinor);
    if (unitAmount === undefined) {
      const reason = `Stripe cannot charge ${order.amountMinor} ${order.currency}`;
      return { outcome: 'REFUSED', reason };
    }
    const metadata = { [OUR_PAYMENT]: order.paymentId, [OUR_KEY]: order.key };
    const { returnUrl, client } = this.#o;
    const answer = await client.call('POST checkout/sessions', (stripe) =>
      stripe.checkout.sessions.create(
        {
          mode: 'payment',
          client_reference_id: order.paymentId,
          success_url: returnUrl,
          cancel_url: returnUrl,
          line_items: [
            {
              quantity: 1,
              price_data: {
                currency: order.currency.toLowerCase(),
                unit_amount: unitAmount,
                product_data: { name: order.paymentId },
              },
            },
          ],
          // Whatever the account's settings are: this amount, in this currency.
          adaptive_pricing: { enabled: false },
          allow_promotion_codes: false,
          automatic_tax: { enabled: false },
          metadata,
          payment_intent_data: { metadata },
        },
        { idempotencyKey: order.key },
      ),
    );
    const session = read(answer, readSession);
    if (session.outcome !== 'READ') return session;
    return { outcome: 'ACCEPTED', charge: chargeIn(session.value) };
  }

  async find(key: string, number: string): Promise<FindAnswer> {
    if (number === '') return { outcome: 'NOT_FOUND' };
    const session = await this.#session(number);
    if (session.outcome === 'REFUSED') {
      return session.status === 404 ? { outcome: 'NOT_FOUND' } : unknown(session.reason);
    }
    if (session.outcome === 'UNKNOWN') return session;
    if (session.value.key !== key) return unknown('the session is of another key');
    return { outcome: 'FOUND', charge: chargeIn(session.value) };
  }

  async refund(order: RefundOrder): Promise<RefundAnswer> {
    const session = await this.#session(order.chargeNumber);
    if (session.outcome !== 'READ') return session;
    const { intent } = session.value;
    if (intent === '') return { outcome: 'REFUSED', reason: 'nobody has paid this session' };
    const earlier = await this.#earlierRefund(intent, order.key);
    if (earlier !== undefined) return earlier;
    const amount = toStripeAmount(order.currency, order.amountMinor);
    if (amount === undefined) {
      const reason = `Stripe cannot refund ${order.amountMinor} ${order.currency}`;
      return { outcome: 'REFUSED', reason };
    }
    const reference = session.value.key.replace(/-[0-9]+$/, '');
    const metadata = { [OUR_PAYMENT]: reference, [OUR_KEY]: order.key };
    const answer = await this.#o.client.call('POST refunds', (stripe) =>
      stripe.refunds.create(
        { payment_intent: intent, amount, metadata },
        { idempotencyKey: order.key },
      ),
    );
    const refund = read(answer, readRefund);
    return refund.outcome === 'READ' ? refundAnswer(refund.value) : refund;
  }

  readEvent(signature: string, body: Uint8Array): EventReading {
    const { client, clock, webhookSecrets } = this.#o;
    const nowMs = clock.nowMs();
    // The library knows of too old, not of too new.
    const signedAt = Number(/(?:^|,)t=([0-9]{1,12})(?:,|$)/.exec(signature)?.[1] ?? Number.NaN);
    if (!(signedAt - nowMs / 1_000 <= AGE_SECONDS_MAX)) {
      return { outcome: 'FORGED', reason: 'no time in the signature, or one in the future' };
    }
    let reason = 'no secret';
    for (const secret of webhookSecrets) {
      try {
        const args = [Buffer.from(body), signature, secret, AGE_SECONDS_MAX] as const;
        return readStripeEvent(client.webhooks.constructEvent(...args, undefined, nowMs));
      } catch (error) {
        reason = (error as Error).message.split('\n', 1)[0]?.slice(0, 150) ?? '';
      }
    }
    return { outcome: 'FORGED', reason };
  }

  async #session(number: string) {
    const answer = await this.#o.client.call('GET checkout/sessions', (stripe) =>
      stripe.checkout.sessions.retrieve(number, { expand: ['payment_intent'] }),
    );
    return read(answer, readSession);
  }

  async #earlierRefund(intent: string, key: string): Promise<RefundAnswer | undefined> {
    const answer = await this.#o.client.call('GET refunds', (stripe) =>
      stripe.refunds.list({ payment_intent: intent, limit: REFUNDS_MAX }),
    );
    if (answer.outcome !== 'ANSWER') return unknown(answer.reason);
    const ours = answer.value.data.map(readRefund).find((refund) => refund?.key === key);
    if (ours !== undefined) return refundAnswer(ours);
    return answer.value.has_more ? unknown('more refunds than one page shows') : undefined;
  }
}

function read<T, R>(
  answer: StripeAnswer<T>,
  reader: (body: unknown) => R | undefined,
):
  | { outcome: 'READ'; value: R }
  | { outcome: 'REFUSED'; status: number; reason: string }
  | { outcome: 'UNKNOWN'; reason: string } {
  if (answer.outcome === 'FAILED') return unknown(answer.reason);
  if (answer.outcome === 'REFUSED') return answer;
  const value = reader(answer.value);
  return value === undefined ? unknown('an answer with missing parts') : { outcome: 'READ', value };
}

function chargeIn({ key: _, intent: __, ...charge }: StripeCharge) {
  return charge;
}

function refundAnswer({ state, number, reason }: StripeRefund): RefundAnswer {
  switch (state) {
    case 'SUCCEEDED':
      return { outcome: 'SUCCEEDED', number };
    case 'FAILED':
      return { outcome: 'REFUSED', reason };
    // Some methods take days: its event tells, or the next question.
    case 'PENDING':
      return unknown('the refund is on its way');
  }
}

function unknown(reason: string): { outcome: 'UNKNOWN'; reason: string } {
  return { outcome: 'UNKNOWN', reason };
}
