// Tells the gate of units that came back: MySQL first, then Redis, so a crash in between only makes
// Redis too careful, which the auditor mends. Never the other way round.

import { Batcher, OverloadedError } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { Log } from '../../platform/log.js';
import type { Refund } from '../domain/close.js';
import type { Gate, RefundReply } from './ports.js';
import type { Rebase } from './rebase.js';

const BATCH_ITEMS_MAX = 512;
const QUEUE_MAX = 50_000;
const QUEUE_AGE_MS_MAX = 10_000;
const WAIT_MS_MAX = 10_000;

export class Refunds {
  readonly #batcher: Batcher<Refund, RefundReply>;
  readonly #rebase: Rebase;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(o: { gate: Gate; rebase: Rebase; clock: Clock; log: Log }) {
    this.#rebase = o.rebase;
    this.#clock = o.clock;
    this.#log = o.log;
    this.#batcher = new Batcher({
      name: 'refund',
      itemsMax: BATCH_ITEMS_MAX,
      queueMax: QUEUE_MAX,
      ageMsMax: QUEUE_AGE_MS_MAX,
      concurrency: 1,
      clock: o.clock,
      run: (refunds) => {
        crashPoint('refund.before');
        return o.gate.refund(refunds);
      },
    });
  }

  /** Does not wait: whoever released has his answer from MySQL. */
  send(refunds: readonly Refund[]): void {
    for (const refund of refunds) void this.#sendOne(refund);
  }

  stop(): Promise<void> {
    return this.#batcher.stop();
  }

  async #sendOne(refund: Refund): Promise<void> {
    let reply = await this.#ask(refund);
    if (reply === 'NOT_LOADED') {
      // The gate has yet to be loaded with the epoch that counts these units. A load that is on its way
      // may have read its number before they came back, so they are sent again behind it.
      await this.#rebase.run([refund.skuId], this.#clock.nowMs() + WAIT_MS_MAX, 'refund');
      reply = await this.#ask(refund);
    }
    // Not known whether the gate has them: a rebase counts them, and is cheaper than remembering.
    const unsure = reply === 'UNKNOWN' || reply === 'NOT_LOADED';
    if (unsure) this.#rebase.soon([refund.skuId], 'refund');
  }

  async #ask(refund: Refund): Promise<RefundReply> {
    try {
      return await this.#batcher.add(refund, this.#clock.nowMs() + WAIT_MS_MAX);
    } catch (error) {
      if (!(error instanceof OverloadedError)) this.#log.warn({ err: error }, 'refund failed');
      return 'UNKNOWN';
    }
  }
}
