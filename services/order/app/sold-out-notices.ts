// What this process was told of SKUs that are sold out, so that it can answer SOLD_OUT itself.
//
// Invariant: a request that was granted its units is never refused here as long as the notice is
// true. A notice proves itself by the moment at which inventory read the stock: it is believed for a
// second after that and no longer, whoever dies, hangs or is cut off meanwhile. And what this
// process itself has seen granted outranks every notice that was read before.

import type { Clock } from '../../platform/clock.js';
import type { KnownIds } from '../../platform/known-ids.js';
import type { SoldOutSight } from './ports.js';

/** As the contract says. A buyer hears of units that came back no later than this. */
const NOTICE_MS_MAX = 1_000;

interface Notice {
  /** The ids that inventory must be asked about; undefined when there is no notice now. */
  granted: KnownIds | undefined;
  validUntilMs: number;
  /** When this process last saw a grant that the notice did not know. */
  grantMs: number;
}

export class SoldOutNotices {
  readonly #clock: Clock;
  readonly #notices = new Map<string, Notice>();

  constructor(o: { clock: Clock }) {
    this.#clock = o.clock;
  }

  /** Notices of the SKU will come. */
  open(skuId: string): void {
    const never = Number.NEGATIVE_INFINITY;
    this.#notices.set(skuId, { granted: undefined, validUntilMs: never, grantMs: never });
  }

  /** None will come any more, so the last one is void. */
  close(skuId: string): void {
    this.#notices.delete(skuId);
  }

  /** True when the sight is a notice that holds now. */
  hear(skuId: string, sight: SoldOutSight): boolean {
    const notice = this.#notices.get(skuId);
    if (notice === undefined) return false;
    const nowMs = this.#clock.monotonicMs();
    const validUntilMs = Math.min(sight.readMs, nowMs) + NOTICE_MS_MAX;
    const holds =
      sight.granted !== undefined && validUntilMs > nowMs && sight.readMs > notice.grantMs;
    notice.granted = holds ? sight.granted : undefined;
    notice.validUntilMs = validUntilMs;
    return holds;
  }

  /** The SKU for which the request is certain to be refused; undefined: inventory must be asked. */
  refuses(reservationId: string, skuIds: Iterable<string>): string | undefined {
    if (this.#notices.size === 0) return undefined;
    for (const skuId of skuIds) {
      const notice = this.#notices.get(skuId);
      if (notice?.granted === undefined) continue;
      if (notice.validUntilMs <= this.#clock.monotonicMs()) continue;
      if (!notice.granted.has(reservationId)) return skuId;
    }
    return undefined;
  }

  /** Inventory has granted these units: a notice that does not know it is not true any more. */
  granted(reservationId: string, skuIds: Iterable<string>): void {
    if (this.#notices.size === 0) return;
    for (const skuId of skuIds) {
      const notice = this.#notices.get(skuId);
      if (notice === undefined || notice.granted?.has(reservationId)) continue;
      notice.grantMs = this.#clock.monotonicMs();
      notice.granted = undefined;
    }
  }
}
