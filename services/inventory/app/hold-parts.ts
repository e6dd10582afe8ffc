// Takes units for many parts: first the gate, then the arbiter.
//
// 1. Ask the gate for all parts at once. A clear no ends here: losers never reach MySQL. Only while
//    the gate does not list all past grants, MySQL is asked whether the loser is an old winner.
// 2. What the gate let through is settled by MySQL, in group commit. A part that the gate knows
//    already (DUPLICATE) is settled too: Redis has seen it, but MySQL may not have.
// 3. Units that the gate took and MySQL did not need are given back under their epoch.
// 4. A gate without memory (NOT_LOADED, STALE, EPOCH) is repaired by a rebase, and the part goes round
//    again. So does one without an answer, and one whose epoch has passed on its way to the arbiter.
//
// Nothing is abandoned between gate and arbiter: what goes to settle is waited for.

import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { Refund } from '../domain/close.js';
import {
  type GateReply,
  type Grant,
  grantOf,
  type KnownResult,
  type Part,
  type ReserveResult,
  type SettleResult,
} from '../domain/reservation.js';
import type { Gate, GateWatch, StockBook } from './ports.js';
import type { Rebase } from './rebase.js';
import type { Refunds } from './refunds.js';
import { repairShown } from './repair-span.js';

/** One round settles it, a second follows a rebase; more mean that others rebase at the same time. */
const ROUNDS_MAX = 6;
/** Between rounds that repaired nothing: an install takes a millisecond or two. 42 ms in all. */
const PAUSE_MS = 2;
/** Less than this is not enough for a gate and a settle, so nothing is begun. */
const BUDGET_MS_MIN = 5;

export class HoldParts {
  readonly #gate: Gate;
  readonly #book: StockBook;
  readonly #rebase: Rebase;
  readonly #refunds: Refunds;
  readonly #clock: Clock;
  readonly #watch: GateWatch | undefined;

  constructor(o: {
    gate: Gate;
    book: StockBook;
    rebase: Rebase;
    refunds: Refunds;
    clock: Clock;
    watch?: GateWatch;
  }) {
    this.#gate = o.gate;
    this.#book = o.book;
    this.#rebase = o.rebase;
    this.#refunds = o.refunds;
    this.#clock = o.clock;
    this.#watch = o.watch;
  }

  /** One result per part, in the same order. Never throws: a broken dependency is UNKNOWN. */
  async hold(parts: readonly Part[], deadlineMs: number): Promise<ReserveResult[]> {
    const results = new Array<ReserveResult>(parts.length).fill({ outcome: 'UNKNOWN' });
    const awaited = new Set<string>();
    let waiting = parts.map((_, index) => index);
    for (let round = 1; round <= ROUNDS_MAX && waiting.length > 0; round++) {
      if (this.#clock.nowMs() + BUDGET_MS_MIN > deadlineMs) break;
      const asked = waiting.map((index) => parts[index] as Part);
      crashPoint('gate.before');
      const replies = await this.#gate.reserve(asked);
      crashPoint('gate.after');
      this.#tellWatch(asked, replies);
      const outcomes = await this.#settle(asked, replies, deadlineMs);
      const again: number[] = [];
      const stale = new Set<string>();
      outcomes.forEach((outcome, i) => {
        const index = waiting[i] as number;
        if (outcome.outcome !== 'REPAIR' && outcome.outcome !== 'UNKNOWN') {
          results[index] = outcome;
          return;
        }
        again.push(index);
        if (outcome.outcome === 'REPAIR' && this.#needsRebase(outcome, awaited)) {
          stale.add(outcome.skuId);
        }
      });
      const unknown = await repairShown(asked, stale, () =>
        this.#rebase.run([...stale], deadlineMs),
      );
      waiting = again.filter((index) => {
        const missing = (parts[index] as Part).lines.find((line) => unknown.has(line.skuId));
        if (missing === undefined) return true;
        results[index] = { outcome: 'SKU_UNKNOWN', skuId: missing.skuId };
        return false;
      });
      if (waiting.length > 0 && stale.size === 0) await this.#clock.sleep(PAUSE_MS * round);
    }
    return results;
  }

  // A gate that is merely behind is being loaded by somebody else, who has just bumped the epoch: it
  // gets one pause to arrive. Rebasing at once, every process would void the grants of the others.
  #needsRebase(repair: { skuId: string; behind: boolean }, awaited: Set<string>): boolean {
    if (!repair.behind || awaited.has(repair.skuId)) return true;
    awaited.add(repair.skuId);
    return false;
  }

  async #settle(
    parts: readonly Part[],
    replies: readonly GateReply[],
    deadlineMs: number,
  ): Promise<Outcome[]> {
    // Grants are settled in one go: a promise for each would cost as much as its share of the batch.
    const grants = replies.flatMap((reply, i) =>
      'epochs' in reply ? [grantOf(parts[i] as Part, reply)] : [],
    );
    const [settled, others] = await Promise.all([
      this.#settleAll(grants, deadlineMs),
      Promise.all(
        replies.map((reply, i) =>
          'epochs' in reply ? undefined : this.#refusal(parts[i] as Part, reply, deadlineMs),
        ),
      ),
    ]);
    let next = 0;
    return others.map((other) => other ?? (settled[next++] as Outcome));
  }

  async #settleAll(grants: readonly Grant[], deadlineMs: number): Promise<Outcome[]> {
    if (grants.length === 0) return [];
    for (const grant of grants) this.#watch?.inFlight(grant);
    const results = await this.#book.settle(grants, deadlineMs);
    for (const grant of grants) this.#watch?.landed(grant);
    // Not known, or not started: the grant stays in Redis, and the retry finds it there.
    return grants.map((grant, i) => {
      const result = results[i];
      return result === undefined ? { outcome: 'UNKNOWN' } : this.#judge(grant, result);
    });
  }

  #refusal(
    part: Part,
    reply: Exclude<GateReply, { epochs: unknown }>,
    deadlineMs: number,
  ): Outcome | Promise<Outcome> {
    if (reply.outcome === 'SOLD_OUT' || reply.outcome === 'USER_LIMIT') {
      return this.#refuse(part, reply, deadlineMs);
    }
    if (!('skuId' in reply)) return reply;
    return { outcome: 'REPAIR', skuId: reply.skuId, behind: reply.outcome === 'EPOCH' };
  }

  // Idempotency comes before stock: where the gate may have forgotten the request, its refusal stands
  // only if the arbiter does not know it either.
  #refuse(part: Part, refusal: Refusal, deadlineMs: number): Outcome | Promise<Outcome> {
    const { outcome, skuId, available, listed } = refusal;
    if (listed) return { outcome, skuId, available };
    return this.#askBook(part, { outcome, skuId, available }, deadlineMs);
  }

  async #askBook(
    part: Part,
    refusal: Omit<Refusal, 'listed'>,
    deadlineMs: number,
  ): Promise<Outcome> {
    const { skuId } = refusal;
    this.#rebase.unlisted(skuId);
    try {
      const known = await this.#book.known(part, deadlineMs);
      return known === undefined ? refusal : answer(known);
    } catch {
      return { outcome: 'UNKNOWN' };
    }
  }

  #judge(grant: Grant, result: SettleResult): Outcome {
    switch (result.outcome) {
      case 'RESERVED':
        return result;
      case 'DUPLICATE':
        // Our own order id: an earlier try of this very grant has settled it.
        if (result.orderId !== grant.orderId) this.#giveBack(grant, result.orderId);
        return result;
      case 'CLOSED':
        this.#giveBack(grant, 'CLOSED');
        return result;
      case 'REQUEST_ID_REUSED':
        // Not forgotten: the owner's retry shall find its order in the gate.
        this.#giveBack(grant, result.orderId);
        return answer(result);
      case 'USER_LIMIT':
        this.#giveBack(grant, '');
        return result;
      case 'SOLD_OUT':
        // The gate believed in more units than there are: give back the other lines, load anew.
        this.#giveBack(grant, '');
        this.#rebase.soon([result.skuId]);
        return result;
      case 'EPOCH':
        // Somebody has loaded the SKU anew. The gate very likely has it by now, so it is asked again;
        // another rebase would only make the grants of others void in turn.
        this.#gate.sawEpoch(result.skuId, result.epoch);
        return { outcome: 'UNKNOWN' };
      case 'SKU_UNKNOWN':
        return result;
    }
  }

  #tellWatch(parts: readonly Part[], replies: readonly GateReply[]): void {
    replies.forEach((reply, i) => {
      if (reply.outcome === 'SOLD_OUT') this.#watch?.soldOut(reply.skuId);
      else if (reply.outcome === 'UNKNOWN') this.#watch?.unsure(parts[i] as Part);
    });
  }

  #giveBack(grant: Grant, mark: string): void {
    const refunds: Refund[] = [];
    grant.lines.forEach((line, i) => {
      if (grant.fresh[i] !== true) return;
      refunds.push({
        partition: grant.partition,
        skuId: line.skuId,
        reservationId: grant.reservationId,
        quantity: line.quantity,
        epoch: grant.epochs[i] ?? 0,
        buyerId: line.userLimit > 0 ? grant.userId : '',
        mark,
      });
    });
    if (refunds.length > 0) this.#refunds.send(refunds);
  }
}

type Refusal = Extract<GateReply, { listed: boolean }>;
type Outcome = ReserveResult | { outcome: 'REPAIR'; skuId: string; behind: boolean };

/** A reused id is none of the caller's business: he does not hear whose order it is. */
function answer(known: KnownResult): ReserveResult {
  return known.outcome === 'REQUEST_ID_REUSED' ? { outcome: known.outcome } : known;
}
