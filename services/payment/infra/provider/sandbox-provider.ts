// The sandbox provider behind the provider port. What it says for certain is ACCEPTED or REFUSED; every
// silence, failure of its own and answer that cannot be read is UNKNOWN, because it may have acted.

import type { Clock } from '../../../platform/clock.js';
import { histograms } from '../../../platform/telemetry/metrics.js';
import type {
  ChargeAnswer,
  ChargeOrder,
  EventReading,
  FindAnswer,
  Provider,
  RefundAnswer,
  RefundOrder,
} from '../../app/ports.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { JsonHttp, JsonHttpAnswer, JsonHttpCall } from './json-http.js';
import { readCharge, readEventBody, readRefundNumber } from './sandbox-messages.js';
import { signatureProblem } from './signature.js';

export interface SandboxProviderOptions {
  readonly http: JsonHttp;
  readonly breaker: CircuitBreaker;
  readonly clock: Clock;
  readonly callbackUrl: string;
  readonly secrets: readonly string[];
}

const calls = histograms('spillway.payment.provider.duration');

/** It has understood the order and will not do it, now or later. */
const CHARGE_REFUSALS = [400, 402, 422];
const REFUND_REFUSALS = [400, 402, 404, 409, 422];

export class SandboxProvider implements Provider {
  readonly name = 'sandbox';
  readonly #o: SandboxProviderOptions;

  constructor(o: SandboxProviderOptions) {
    this.#o = o;
  }

  up(): boolean {
    return this.#o.breaker.passable();
  }

  async charge(order: ChargeOrder): Promise<ChargeAnswer> {
    const answer = await this.#call({
      method: 'POST',
      path: '/v1/charges',
      span: order.span,
      headers: { 'idempotency-key': order.key },
      body: {
        amount: { currency: order.currency, amount_minor: Number(order.amountMinor) },
        reference: order.paymentId,
        method: order.method,
        callback_url: this.#o.callbackUrl,
      },
    });
    if (answer.outcome === 'FAILED') return unknown(answer.reason);
    if (CHARGE_REFUSALS.includes(answer.status)) {
      return { outcome: 'REFUSED', reason: messageOf(answer.body) };
    }
    const charge = answer.status === 200 ? readCharge(answer.body) : undefined;
    return charge === undefined ? odd(answer) : { outcome: 'ACCEPTED', charge };
  }

  async find(key: string): Promise<FindAnswer> {
    const path = `/v1/charges?idempotency_key=${encodeURIComponent(key)}`;
    const answer = await this.#call({ method: 'GET', path });
    if (answer.outcome === 'FAILED') return unknown(answer.reason);
    if (answer.status === 404) return { outcome: 'NOT_FOUND' };
    const charge = answer.status === 200 ? readCharge(answer.body) : undefined;
    return charge === undefined ? odd(answer) : { outcome: 'FOUND', charge };
  }

  async refund(order: RefundOrder): Promise<RefundAnswer> {
    const answer = await this.#call({
      method: 'POST',
      path: '/v1/refunds',
      span: order.span,
      headers: { 'idempotency-key': order.key },
      body: {
        charge: order.chargeNumber,
        amount: { currency: order.currency, amount_minor: Number(order.amountMinor) },
      },
    });
    if (answer.outcome === 'FAILED') return unknown(answer.reason);
    if (REFUND_REFUSALS.includes(answer.status)) {
      return { outcome: 'REFUSED', reason: messageOf(answer.body) };
    }
    const number = answer.status === 200 ? readRefundNumber(answer.body) : undefined;
    return number === undefined ? odd(answer) : { outcome: 'SUCCEEDED', number };
  }

  readEvent(signature: string, body: Uint8Array): EventReading {
    const { secrets, clock } = this.#o;
    const problem = signatureProblem(signature, body, secrets, clock.nowMs());
    return problem === undefined ? readEventBody(body) : { outcome: 'FORGED', reason: problem };
  }

  async #call(call: JsonHttpCall): Promise<JsonHttpAnswer> {
    const { breaker, http } = this.#o;
    if (!breaker.enter()) return { outcome: 'FAILED', reason: 'taken to be down' };
    const startMs = performance.now();
    const answer = await http.call(call);
    const outcome = answer.outcome === 'FAILED' ? 'FAILED' : String(answer.status);
    const operation = `${call.method} ${call.path.split('?', 1)[0]}`;
    calls.of(operation, outcome).record((performance.now() - startMs) / 1_000);
    if (answer.outcome === 'FAILED' || answer.status >= 500) breaker.failed();
    else breaker.succeeded();
    return answer;
  }
}

function unknown(reason: string): { outcome: 'UNKNOWN'; reason: string } {
  return { outcome: 'UNKNOWN', reason };
}

function odd(answer: { status: number; body: unknown }): { outcome: 'UNKNOWN'; reason: string } {
  return unknown(`status ${answer.status}: ${messageOf(answer.body)}`);
}

function messageOf(body: unknown): string {
  const message = (body as { error?: { message?: unknown } } | undefined)?.error?.message;
  return typeof message === 'string' ? message.slice(0, 150) : 'no reason given';
}
