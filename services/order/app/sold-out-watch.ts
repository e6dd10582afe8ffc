// Follows the SKUs that losers ask for, so that most of them are refused without asking inventory.
//
// A SKU is followed from the first time that inventory says that nothing of it is available, and until
// nobody asks for it any more. Whatever goes wrong ends in asking inventory, which is always right.

import type { Clock } from '../../platform/clock.js';
import { OpenQuestions } from './open-questions.js';
import type { ReserveRequest, ReserveResult, SoldOutSource } from './ports.js';
import { SoldOutNotices } from './sold-out-notices.js';

export interface SoldOutWatchLimits {
  /** SKUs that are followed at once, a stream each. */
  readonly streamsMax: number;
  /** Without losers for so long, a SKU is not followed any more. */
  readonly idleMsMax: number;
  /** Nor without a notice: there are units, or inventory gives none, or that process hangs. */
  readonly silentMsMax: number;
  /** When all places are taken, one whose losers stay away for so long is given up. */
  readonly coldMsMin: number;
  readonly sweepIntervalMs: number;
  /** Between a stream that ended and the next of its SKU; doubles while no notice comes. */
  readonly reopenMsMin: number;
  readonly reopenMsMax: number;
  /** How many SKUs' waits are remembered. */
  readonly restingMax: number;
}

interface Stream {
  readonly leaving: AbortController;
  readonly openedMs: number;
  readonly done: Promise<void>;
  loserMs: number;
  noticeMs: number | undefined;
}

interface Rest {
  readonly untilMs: number;
  /** Streams in a row that brought no notice. */
  readonly vain: number;
}

export interface SoldOutStats {
  /** Requests that were refused without asking inventory. */
  refused: number;
  notices: number;
  streams: number;
  /** Streams that broke. */
  broken: number;
}

export class SoldOutWatch {
  readonly stats: SoldOutStats = { refused: 0, notices: 0, streams: 0, broken: 0 };
  readonly #source: SoldOutSource;
  readonly #clock: Clock;
  readonly #limits: SoldOutWatchLimits;
  readonly #notices: SoldOutNotices;
  readonly #questions = new OpenQuestions();
  readonly #streams = new Map<string, Stream>();
  readonly #resting = new Map<string, Rest>();
  readonly #stopping = new AbortController();
  #sweeping: Promise<void> | undefined;

  constructor(o: { source: SoldOutSource; clock: Clock; limits: SoldOutWatchLimits }) {
    this.#source = o.source;
    this.#clock = o.clock;
    this.#limits = o.limits;
    this.#notices = new SoldOutNotices(o);
  }

  /** The SKU for which the request is certain to be refused; undefined: inventory must be asked. */
  refuses(reservationId: string, lines: ReadonlyArray<{ skuId: string }>): string | undefined {
    const skuId = this.#notices.refuses(reservationId, skusOf(lines));
    if (skuId === undefined || this.#questions.has(reservationId)) return undefined;
    this.stats.refused += 1;
    const stream = this.#streams.get(skuId);
    if (stream !== undefined) stream.loserMs = this.#clock.monotonicMs();
    return skuId;
  }

  /** Asks inventory, and learns from its answer. */
  async ask(asked: ReserveRequest, send: () => Promise<ReserveResult>): Promise<ReserveResult> {
    const { reservationId } = asked;
    let certain = false;
    this.#questions.begin(reservationId);
    try {
      const result = await send();
      certain = result.outcome !== 'UNKNOWN';
      this.#learn(asked, result);
      return result;
    } finally {
      this.#questions.end(reservationId, certain);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const stream of this.#streams.values()) stream.leaving.abort();
    await Promise.all([...this.#streams.values()].map((stream) => stream.done));
    await this.#sweeping;
  }

  #learn(asked: ReserveRequest, result: ReserveResult): void {
    if (result.outcome === 'SOLD_OUT' && result.available === 0n) this.#lost(result.skuId);
    else if (result.outcome === 'RESERVED' || result.outcome === 'DUPLICATE') {
      this.#notices.granted(asked.reservationId, skusOf(asked.lines));
    }
  }

  #lost(skuId: string): void {
    const nowMs = this.#clock.monotonicMs();
    const stream = this.#streams.get(skuId);
    if (stream !== undefined) stream.loserMs = nowMs;
    else if (this.#streams.size >= this.#limits.streamsMax) this.#leaveColdest(nowMs);
    else if (nowMs >= (this.#resting.get(skuId)?.untilMs ?? nowMs)) this.#open(skuId, nowMs);
  }

  #leaveColdest(nowMs: number): void {
    const [coldest] = [...this.#streams.values()].sort((a, b) => a.loserMs - b.loserMs);
    if (coldest && nowMs - coldest.loserMs >= this.#limits.coldMsMin) coldest.leaving.abort();
  }

  #open(skuId: string, nowMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.stats.streams += 1;
    this.#notices.open(skuId);
    const leaving = new AbortController();
    const done = this.#follow(skuId, leaving.signal);
    const times = { openedMs: nowMs, loserMs: nowMs, noticeMs: undefined };
    this.#streams.set(skuId, { leaving, done, ...times });
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async #follow(skuId: string, signal: AbortSignal): Promise<void> {
    // So that the stream stands in the map before anything is heard of it.
    await Promise.resolve();
    try {
      while (!signal.aborted) {
        const startMs = this.#clock.monotonicMs();
        for await (const sight of this.#source.follow(skuId, signal)) this.#hear(skuId, sight);
        // A stream ends by itself after a while, and the next one takes over. One that ends at once
        // would do so again and again.
        if (this.#clock.monotonicMs() - startMs < this.#limits.reopenMsMin) break;
      }
    } catch {
      if (!signal.aborted) this.stats.broken += 1;
    }
    this.#close(skuId);
  }

  #hear(skuId: string, sight: Parameters<SoldOutNotices['hear']>[1]): void {
    if (!this.#notices.hear(skuId, sight)) return;
    this.stats.notices += 1;
    const stream = this.#streams.get(skuId);
    if (stream !== undefined) stream.noticeMs = this.#clock.monotonicMs();
  }

  #close(skuId: string): void {
    const { reopenMsMin, reopenMsMax, restingMax } = this.#limits;
    const inVain = this.#streams.get(skuId)?.noticeMs === undefined;
    this.#streams.delete(skuId);
    this.#notices.close(skuId);
    const vain = inVain ? (this.#resting.get(skuId)?.vain ?? 0) + 1 : 0;
    const waitMs = Math.min(reopenMsMax, reopenMsMin * 2 ** vain);
    this.#resting.delete(skuId);
    this.#resting.set(skuId, { untilMs: this.#clock.monotonicMs() + waitMs, vain });
    const [oldest] = this.#resting.keys();
    if (this.#resting.size > restingMax && oldest !== undefined) this.#resting.delete(oldest);
  }

  async #sweep(): Promise<void> {
    const { idleMsMax, silentMsMax, sweepIntervalMs } = this.#limits;
    while (this.#streams.size > 0 && !this.#stopping.signal.aborted) {
      await this.#clock.sleep(sweepIntervalMs, this.#stopping.signal);
      const nowMs = this.#clock.monotonicMs();
      for (const { leaving, openedMs, loserMs, noticeMs } of this.#streams.values()) {
        const silent = nowMs - (noticeMs ?? openedMs) >= silentMsMax;
        if (silent || nowMs - loserMs >= idleMsMax) leaving.abort();
      }
    }
  }
}

function* skusOf(lines: ReadonlyArray<{ skuId: string }>): Generator<string> {
  for (const line of lines) yield line.skuId;
}
