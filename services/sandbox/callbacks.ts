// Tells receivers what has happened, signed, again and again until they answer 2xx or ten attempts were
// in vain (then they must ask). A bounded number of calls is in flight; the rest wait in order.

import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Log } from '../platform/log.js';
import type { LedgerEvent } from './ledger.js';

export interface CallbacksOptions {
  readonly secret: string;
  readonly log: Log;
  readonly onTaken: (event: LedgerEvent) => void;
}

interface Delivery {
  readonly event: LedgerEvent;
  readonly attempt: number;
}

const CONCURRENCY = 64;
const ATTEMPTS_MAX = 10;
/** 0.1, 0.2, 0.4 ... up to 5 s: about 21 s of trying in all. */
const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 5_000;
const ANSWER_MS_MAX = 5_000;
/** Beyond this receivers are gone; they find out by asking. */
const WAITING_MAX = 200_000;

export class Callbacks {
  readonly #o: CallbacksOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY, timeout: 30_000 });
  readonly #timers = new Set<NodeJS.Timeout>();
  #waiting: Delivery[] = [];
  #active = 0;
  #stopped = false;

  constructor(o: CallbacksOptions) {
    this.#o = o;
  }

  send(event: LedgerEvent): void {
    this.#enqueue({ event, attempt: 1 });
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#agent.destroy();
  }

  #enqueue(delivery: Delivery): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= WAITING_MAX) {
      this.#o.log.error({ event: delivery.event.id }, 'too many callbacks wait: dropped');
      return;
    }
    this.#waiting.push(delivery);
    this.#pump();
  }

  #pump(): void {
    while (this.#active < CONCURRENCY) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return;
      this.#active += 1;
      void this.#deliver(delivery).finally(() => {
        this.#active -= 1;
        this.#pump();
      });
    }
  }

  async #deliver({ event, attempt }: Delivery): Promise<void> {
    const answer = await this.#post(event).catch((error: Error) => error.message);
    if (this.#stopped) return;
    if (typeof answer === 'number' && answer >= 200 && answer < 300) return this.#o.onTaken(event);
    if (attempt >= ATTEMPTS_MAX) {
      this.#o.log.warn({ event: event.id, answer }, 'callback given up');
      return;
    }
    this.#o.log.debug({ event: event.id, attempt, answer }, 'callback not taken');
    const delayMs = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** (attempt - 1));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#enqueue({ event, attempt: attempt + 1 });
    }, delayMs);
    this.#timers.add(timer);
  }

  #post({ id, type, callbackUrl, data }: LedgerEvent): Promise<number> {
    const created = Math.floor(Date.now() / 1_000);
    const body = JSON.stringify({ id, type, created, data });
    return new Promise((resolve, reject) => {
      const sent = request(callbackUrl, {
        method: 'POST',
        agent: this.#agent,
        timeout: ANSWER_MS_MAX,
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          'spillway-signature': sign(this.#o.secret, created, body),
        },
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.on('error', reject);
      sent.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      });
      sent.end(body);
    });
  }
}

export function sign(secret: string, seconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}
