// The one repair, whatever has happened to Redis: take a new epoch and the true number from MySQL,
// and load the gate with them. Safe at any time and from many processes at once; one run per SKU and
// process is enough, so concurrent callers share it. What the SKU has granted before comes too: the
// newest at once, the rest afterwards (GrantFill), so that the gate is open again after milliseconds.

import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { Log } from '../../platform/log.js';
import { counters } from '../../platform/telemetry/metrics.js';
import { GrantFill } from './grant-fill.js';
import type { Gate, SkuLoad, StockBook } from './ports.js';

/** 32 SKUs are one transaction of some milliseconds; a cold start has thousands. */
const BATCH_SKUS_MAX = 32;
const QUEUE_MAX = 100_000;
const QUEUE_AGE_MS_MAX = 10_000;
/** A rebase that nobody waits for. */
const BACKGROUND_MS_MAX = 5_000;

type Loaded = 'LOADED' | 'SKU_UNKNOWN';

/** Why Redis is loaded anew. What a gate that asks for it had said is counted with its replies. */
const CAUSES = [
  'gate_repair',
  'arbiter_sold_out',
  'drift',
  'denied_units',
  'incomplete_list',
  'refund',
  'restock',
] as const;
export type RebaseCause = (typeof CAUSES)[number];

const rebases = counters('spillway.stock.rebases');
for (const cause of CAUSES) rebases.of(cause);

export class Rebase {
  readonly #running = new Map<string, Promise<Loaded>>();
  readonly #batcher: Batcher<string, Loaded>;
  readonly #fill: GrantFill;
  readonly #gate: Gate;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(o: { gate: Gate; book: StockBook; clock: Clock; log: Log }) {
    this.#gate = o.gate;
    this.#clock = o.clock;
    this.#log = o.log;
    this.#fill = new GrantFill({ ...o, reload: (skuId) => this.soon([skuId], 'incomplete_list') });
    this.#batcher = new Batcher({
      name: 'rebase',
      itemsMax: BATCH_SKUS_MAX,
      queueMax: QUEUE_MAX,
      ageMsMax: QUEUE_AGE_MS_MAX,
      concurrency: 1,
      clock: o.clock,
      run: async (skuIds, batch) => {
        const loads = await o.book.rebase(skuIds, batch.deadlineMs);
        await this.#install(loads);
        const known = new Set(loads.map((load) => load.skuId));
        return skuIds.map((skuId) => (known.has(skuId) ? 'LOADED' : 'SKU_UNKNOWN'));
      },
    });
  }

  /** Loads the SKUs anew and answers those that MySQL does not know. A failure is logged, not thrown. */
  async run(
    skuIds: readonly string[],
    deadlineMs: number,
    cause: RebaseCause = 'gate_repair',
  ): Promise<ReadonlySet<string>> {
    const unknown = new Set<string>();
    await Promise.all(
      skuIds.map(async (skuId) => {
        try {
          const loaded = await this.#once(skuId, deadlineMs, cause);
          if (loaded === 'SKU_UNKNOWN') unknown.add(skuId);
        } catch (error) {
          this.#log.warn({ err: error, skuId }, 'rebase failed; the next request tries again');
        }
      }),
    );
    return unknown;
  }

  /** Loads the SKUs anew in the background. */
  soon(skuIds: readonly string[], cause: RebaseCause = 'arbiter_sold_out'): void {
    void this.run(skuIds, this.#clock.nowMs() + BACKGROUND_MS_MAX, cause);
  }

  /** The gate has refused by an incomplete list of grants. */
  unlisted(skuId: string): void {
    this.#fill.unlisted(skuId);
  }

  async stop(): Promise<void> {
    await this.#batcher.stop();
    await this.#fill.stop();
  }

  async #install(loads: readonly SkuLoad[]): Promise<void> {
    crashPoint('rebase.before-install');
    for (const load of loads) this.#gate.sawEpoch(load.skuId, load.epoch);
    const replies = await this.#gate.install(loads);
    crashPoint('rebase.after-install');
    // Not installed is not lost: the gate answers NOT_LOADED or EPOCH, and we are called again.
    const unknown = loads.filter((_, i) => replies[i] === 'UNKNOWN');
    const skuIds = unknown.map((load) => load.skuId);
    if (skuIds.length > 0) this.#log.warn({ skuIds }, 'redis did not take a rebase');
    loads.forEach((load, i) => {
      if (replies[i] !== 'OLDER') this.#fill.start(load);
    });
  }

  #once(skuId: string, deadlineMs: number, cause: RebaseCause): Promise<Loaded> {
    let running = this.#running.get(skuId);
    if (running === undefined) {
      rebases.of(cause).add();
      running = this.#batcher.add(skuId, deadlineMs).finally(() => this.#running.delete(skuId));
      this.#running.set(skuId, running);
    }
    return running;
  }
}
