// Posts letters to receivers, each signed at the moment it goes: again and again until it is answered 2xx or
// its attempts are used up (then receivers must ask). A bounded number of calls is in flight; the
// rest wait in order.

import { Agent, request } from 'node:http';
import type { Log } from '../platform/log.js';
import type { LedgerEvent } from './records.js';
import type { Seal } from './seals.js';

export interface Letter {
  readonly event: LedgerEvent;
  readonly seal: Seal;
  readonly attemptsMax: number;
  /** Told once, unless the process stops before. */
  readonly onEnd: (taken: boolean) => void;
}

interface Delivery {
  readonly letter: Letter;
  readonly attempt: number;
}

const CONCURRENCY = 64;
/** 0.1, 0.2, 0.4 ... up to 5 s: ten attempts are about 21 s of trying. */
export const ATTEMPTS_MAX = 10;
const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 5_000;
const ANSWER_MS_MAX = 5_000;
/** Beyond this receivers are gone; they find out by asking. */
const WAITING_MAX = 200_000;

export class Callbacks {
  readonly #log: Log;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY, timeout: 30_000 });
  readonly #timers = new Set<NodeJS.Timeout>();
  #waiting: Delivery[] = [];
  #active = 0;
  #stopped = false;

  constructor(log: Log) {
    this.#log = log;
  }

  send(letter: Letter): void {
    this.#enqueue({ letter, attempt: 1 });
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
      this.#log.error({ event: delivery.letter.event.id }, 'too many callbacks wait: dropped');
      delivery.letter.onEnd(false);
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

  async #deliver({ letter, attempt }: Delivery): Promise<void> {
    const answer = await this.#post(letter).catch((error: Error) => error.message);
    if (this.#stopped) return;
    const event = letter.event.id;
    const taken = typeof answer === 'number' && answer >= 200 && answer < 300;
    const last = attempt >= letter.attemptsMax;
    if (taken || last) {
      if (!taken && attempt > 1) this.#log.warn({ event, answer }, 'callback given up');
      letter.onEnd(taken);
      return;
    }
    this.#log.debug({ event, attempt, answer }, 'callback not taken');
    const delayMs = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** (attempt - 1));
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#enqueue({ letter, attempt: attempt + 1 });
    }, delayMs);
    this.#timers.add(timer);
  }

  #post({ event, seal }: Letter): Promise<number> {
    const { id, type, callbackUrl, happened_ms, data } = event;
    const created = Math.floor(happened_ms / 1_000);
    const text = JSON.stringify({ id, type, created, data });
    const { signature, body } = seal(Math.floor(Date.now() / 1_000), text);
    return new Promise((resolve, reject) => {
      const sent = request(callbackUrl, {
        method: 'POST',
        agent: this.#agent,
        timeout: ANSWER_MS_MAX,
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          'spillway-signature': signature,
          ...(event.traceparent && { traceparent: event.traceparent }),
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
