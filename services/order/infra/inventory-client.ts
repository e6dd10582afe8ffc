// The inventory service as the saga sees it. Many orders travel in one call; each has its own answer,
// and a call that fails leaves every one of them unknown, never refused.

import {
  type InventoryService,
  ReserveOutcome,
  CloseOutcome as WireClose,
  type ReserveResult as WireResult,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import { parseId } from '../../platform/ids.js';
import type { Client } from '../../platform/rpc/client.js';
import { itemTraces, spanOf } from '../../platform/telemetry/trace-batch.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import type {
  CloseOutcome,
  LinesReturn,
  ReservationRef,
  ReserveRequest,
  ReserveResult,
  Stock,
} from '../app/ports.js';
import type { BatchLimits } from './batch-limits.js';
import { overloadedPeer, unknownOutcome } from './mesh-client.js';

export interface InventoryClientParts {
  readonly client: Client<typeof InventoryService>;
  readonly clock: Clock;
  readonly limits: { readonly reserve: BatchLimits; readonly close: BatchLimits };
}

type CloseMethod = 'batchConfirm' | 'batchRelease' | 'batchReturn';

/** Of a whole batch. */
interface Call {
  readonly deadlineMs: number;
  readonly span?: Span | undefined;
}

const UNKNOWN: ReserveResult = { outcome: 'UNKNOWN' };
const OVERLOADED: ReserveResult = { outcome: 'OVERLOADED' };

export class InventoryClient implements Stock {
  readonly #client: Client<typeof InventoryService>;
  readonly #reserves: Batcher<ReserveRequest, ReserveResult>;
  readonly #confirms: Batcher<ReservationRef, CloseOutcome>;
  readonly #releases: Batcher<ReservationRef, CloseOutcome>;
  readonly #returns: Batcher<ReservationRef, CloseOutcome>;
  readonly #lineReturns: Batcher<LinesReturn, CloseOutcome>;

  constructor(o: InventoryClientParts) {
    this.#client = o.client;
    this.#reserves = new Batcher({
      name: 'order.reserve',
      run: (items, batch) => this.#reserve(items, batch),
      spansOf: spanOf,
      ...o.limits.reserve,
      clock: o.clock,
    });
    const closing = (method: CloseMethod) =>
      new Batcher<ReservationRef, CloseOutcome>({
        name: `order.${method}`,
        run: (items, batch) => this.#close(method, items, batch),
        spansOf: spanOf,
        ...o.limits.close,
        clock: o.clock,
      });
    this.#confirms = closing('batchConfirm');
    this.#releases = closing('batchRelease');
    this.#returns = closing('batchReturn');
    this.#lineReturns = new Batcher({
      name: 'order.batchReturnLines',
      run: (items, batch) => this.#returnLines(items, batch),
      spansOf: ({ reservation }) => reservation.span,
      ...o.limits.close,
      clock: o.clock,
    });
  }

  reserve(request: ReserveRequest, deadlineMs: number): Promise<ReserveResult> {
    return this.#reserves.add(request, deadlineMs);
  }

  confirm(reservation: ReservationRef, deadlineMs: number): Promise<CloseOutcome> {
    return this.#confirms.add(reservation, deadlineMs);
  }

  release(reservation: ReservationRef, deadlineMs: number): Promise<CloseOutcome> {
    return this.#releases.add(reservation, deadlineMs);
  }

  giveBack(reservation: ReservationRef, deadlineMs: number): Promise<CloseOutcome> {
    return this.#returns.add(reservation, deadlineMs);
  }

  giveLinesBack(back: LinesReturn, deadlineMs: number): Promise<CloseOutcome> {
    return this.#lineReturns.add(back, deadlineMs);
  }

  async #reserve(requests: ReserveRequest[], o: Call): Promise<ReserveResult[]> {
    const items = requests.map((request) => ({
      reservationId: request.reservationId,
      orderId: request.orderId.toString(),
      userId: request.userId,
      lines: request.lines.slice(),
    }));
    try {
      const traces = itemTraces(requests);
      const { results } = await this.#client.batchReserve({ items, traces }, o);
      return requests.map((_, i) => toResult(results[i]));
    } catch (error) {
      if (overloadedPeer(error)) return requests.map(() => OVERLOADED);
      if (unknownOutcome(error)) return requests.map(() => UNKNOWN);
      throw error;
    }
  }

  #close(method: CloseMethod, items: ReservationRef[], o: Call): Promise<CloseOutcome[]> {
    const reservations = items.map(toRef);
    const traces = itemTraces(items);
    return this.#closed(items, () => this.#client[method]({ reservations, traces }, o));
  }

  #returnLines(items: LinesReturn[], o: Call): Promise<CloseOutcome[]> {
    const returns = items.map(({ reservation, returnId, lines }) => {
      return { reservation: toRef(reservation), returnId, lines: lines.slice() };
    });
    const traces = itemTraces(items.map(({ reservation }) => reservation));
    return this.#closed(items, () => this.#client.batchReturnLines({ returns, traces }, o));
  }

  async #closed(
    items: readonly unknown[],
    call: () => Promise<{ readonly outcomes: readonly WireClose[] }>,
  ): Promise<CloseOutcome[]> {
    try {
      const { outcomes } = await call();
      return items.map((_, i) => closeWords[outcomes[i] ?? WireClose.UNKNOWN] ?? 'UNKNOWN');
    } catch (error) {
      if (unknownOutcome(error)) return items.map(() => 'UNKNOWN');
      throw error;
    }
  }
}

function toRef({ reservationId, orderId, skuIds }: ReservationRef) {
  return { reservationId, orderId, skuIds: skuIds.slice() };
}

const closeWords = {
  [WireClose.UNSPECIFIED]: 'UNKNOWN',
  [WireClose.DONE]: 'DONE',
  [WireClose.RESERVATION_UNKNOWN]: 'RESERVATION_UNKNOWN',
  [WireClose.RESERVATION_CLOSED]: 'RESERVATION_CLOSED',
  [WireClose.RESERVATION_CONFIRMED]: 'RESERVATION_CONFIRMED',
  [WireClose.UNKNOWN]: 'UNKNOWN',
  [WireClose.RETURN_REFUSED]: 'RETURN_REFUSED',
} as const satisfies Record<WireClose, CloseOutcome>;

function toResult(result: WireResult | undefined): ReserveResult {
  switch (result?.outcome) {
    case ReserveOutcome.RESERVED:
    case ReserveOutcome.DUPLICATE: {
      const orderId = parseId(result.orderId);
      if (orderId === undefined) return UNKNOWN;
      const first = result.outcome === ReserveOutcome.RESERVED;
      return { outcome: first ? 'RESERVED' : 'DUPLICATE', orderId };
    }
    case ReserveOutcome.SOLD_OUT:
      return { outcome: 'SOLD_OUT', skuId: result.skuId, available: result.available };
    case ReserveOutcome.USER_LIMIT:
      return { outcome: 'USER_LIMIT', skuId: result.skuId };
    case ReserveOutcome.SKU_UNKNOWN:
      return { outcome: 'SKU_UNKNOWN', skuId: result.skuId };
    case ReserveOutcome.CLOSED:
      return { outcome: 'CLOSED' };
    case ReserveOutcome.REQUEST_ID_REUSED:
      return { outcome: 'REQUEST_ID_REUSED' };
    case ReserveOutcome.OVERLOADED:
      return OVERLOADED;
    default:
      // UNKNOWN, or a word that only a newer inventory knows: asking again is always safe.
      return UNKNOWN;
  }
}
