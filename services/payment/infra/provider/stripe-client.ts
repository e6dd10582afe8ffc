// Calls to Stripe by its own library, with every bound spelled out: version, connections, waiting calls,
// time. It never repeats what the library lets us decide: retries are ours, under our keys. (A connection
// that closes under a call is tried once more by the library itself, under the same key.)

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Stripe } from 'stripe';
import { histograms } from '../../../platform/telemetry/metrics.js';
import type { CircuitBreaker } from './circuit-breaker.js';

export interface StripeClientOptions {
  readonly secretKey: string;
  readonly baseUrl: string;
  readonly breaker: CircuitBreaker;
  /** Connections, and so calls in flight. */
  readonly connectionsMax: number;
  /** Calls that wait for a connection; more are not even tried. */
  readonly waitingMax: number;
  /** From the call to the last byte of the answer, waiting included. */
  readonly totalMsMax: number;
}

export type StripeAnswer<T> =
  | { outcome: 'ANSWER'; value: T }
  /** It has understood the call and will not do it. */
  | { outcome: 'REFUSED'; status: number; reason: string }
  /** It may or may not have acted. */
  | { outcome: 'FAILED'; reason: string };

/** The one that the library's types describe. */
const API_VERSION = '2026-10-28.endive';
/** Shorter than peers keep idle connections, so that it is we who close them. */
const IDLE_MS_MAX = 30_000;
/**
 * 409 and 429 say later, 401 and 403 that our key is wrong: the same call may come about yet, so it is
 * not refused for good.
 */
const REFUSALS = [400, 402, 404];

const calls = histograms('spillway.payment.provider.duration');

export class StripeClient {
  readonly webhooks: Stripe['webhooks'];
  readonly #o: StripeClientOptions;
  readonly #stripe: Stripe;
  readonly #agent: HttpAgent;
  #active = 0;

  constructor(o: StripeClientOptions) {
    this.#o = o;
    const { protocol, hostname, port } = new URL(o.baseUrl);
    const secure = protocol === 'https:';
    const Agent = secure ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: o.connectionsMax,
      maxFreeSockets: o.connectionsMax,
      scheduling: 'lifo',
      timeout: IDLE_MS_MAX,
    });
    this.#stripe = new Stripe(o.secretKey, {
      apiVersion: API_VERSION,
      maxNetworkRetries: 0,
      timeout: o.totalMsMax,
      telemetry: false,
      emitEventBodies: false,
      protocol: secure ? 'https' : 'http',
      host: hostname,
      port: port === '' ? (secure ? 443 : 80) : Number(port),
      httpClient: Stripe.createNodeHttpClient(this.#agent),
    });
    this.webhooks = this.#stripe.webhooks;
  }

  up(): boolean {
    return this.#o.breaker.passable();
  }

  /** Never rejects. */
  async call<T>(operation: string, send: (stripe: Stripe) => Promise<T>): Promise<StripeAnswer<T>> {
    const { breaker, connectionsMax, waitingMax } = this.#o;
    if (this.#active >= connectionsMax + waitingMax) return failed('too many calls are waiting');
    if (!breaker.enter()) return failed('taken to be down');
    this.#active += 1;
    const startMs = performance.now();
    const answer = await this.#inTime(send).finally(() => {
      this.#active -= 1;
    });
    if (answer.outcome === 'FAILED' && !answer.alive) breaker.failed();
    else breaker.succeeded();
    calls.of(`stripe ${operation}`, answer.outcome).record((performance.now() - startMs) / 1_000);
    return answer.outcome === 'FAILED' ? failed(answer.reason) : answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The library bounds silence, not the whole call. */
  async #inTime<T>(send: (stripe: Stripe) => Promise<T>): Promise<Told<T>> {
    const { totalMsMax } = this.#o;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Told<T>>((resolve) => {
      const reason = `no answer within ${totalMsMax} ms`;
      timer = setTimeout(() => resolve({ outcome: 'FAILED', reason, alive: false }), totalMsMax);
    });
    const sent = send(this.#stripe).then(
      (value): Told<T> => ({ outcome: 'ANSWER', value }),
      (error: unknown): Told<T> => toldBy(error),
    );
    try {
      return await Promise.race([sent, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether it answered at all, though not usefully. */
type Told<T> =
  | Exclude<StripeAnswer<T>, { outcome: 'FAILED' }>
  | { outcome: 'FAILED'; reason: string; alive: boolean };

function toldBy(error: unknown): Told<never> {
  if (!(error instanceof Stripe.errors.StripeError)) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return { outcome: 'FAILED', reason, alive: false };
  }
  const { statusCode: status = 0 } = error;
  const reason = error.message.slice(0, 150);
  // The key was used for another call: what became of that one is not said.
  const keyReused = error instanceof Stripe.errors.StripeIdempotencyError;
  if (REFUSALS.includes(status) && !keyReused) return { outcome: 'REFUSED', status, reason };
  const alive = status > 0 && status < 500;
  return { outcome: 'FAILED', reason: `status ${status}: ${reason}`, alive };
}

function failed(reason: string): { outcome: 'FAILED'; reason: string } {
  return { outcome: 'FAILED', reason };
}
