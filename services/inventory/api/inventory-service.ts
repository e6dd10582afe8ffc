// The handlers of InventoryService: decode, one use case, encode.

import type {
  BatchConfirmRequest,
  InventoryService,
  ReservationRef as WireRef,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { invalidField } from '../../platform/rpc/errors.js';
import type { CallContext, Handlers } from '../../platform/rpc/server.js';
import { withMembers } from '../../platform/telemetry/trace-batch.js';
import type { CloseReservations } from '../app/close-reservations.js';
import type { StockBook } from '../app/ports.js';
import type { ReserveStock } from '../app/reserve-stock.js';
import type { RestockSku } from '../app/restock-sku.js';
import type { ServingGuard } from '../app/serving-guard.js';
import type { StockFeed } from '../app/stock-feed.js';
import { granted } from '../domain/reservation.js';
import { partitionOf } from '../domain/split.js';
import {
  toLinesReturn,
  toRef,
  toReserveRequest,
  toWireClose,
  toWireLedger,
  toWireReservation,
  toWireResult,
  toWireStock,
  toWireUpdate,
} from './convert.js';
import {
  closeError,
  reservationUnknown,
  reserveError,
  restockError,
  skuUnknown,
  unsafeStore,
} from './errors.js';

const LEDGER_PAGE_DEFAULT = 100;
/** A stream may last an hour; its first read may not. */
const READ_MS_MAX = 5_000;

export interface InventoryUseCases {
  readonly reserve: ReserveStock;
  readonly close: CloseReservations;
  readonly restock: RestockSku;
  readonly book: StockBook;
  readonly feed: StockFeed;
  readonly guard: Pick<ServingGuard, 'safe'>;
}

export function inventoryHandlers(use: InventoryUseCases): Handlers<typeof InventoryService> {
  return { ...reserving(use), ...closing(use), ...stock(use) };
}

function reserving({ reserve, book, guard }: InventoryUseCases) {
  return {
    async reserve(request, ctx) {
      if (!guard.safe) throw unsafeStore();
      const [result] = await reserve.reserve(
        [toReserveRequest(request, '', ctx.span)],
        ctx.deadlineMs,
      );
      if (result === undefined || !granted(result)) {
        throw reserveError(result ?? { outcome: 'UNKNOWN' });
      }
      const partitions = [...new Set(request.lines.map((line) => partitionOf(line.skuId)))];
      const parts = await book.reservation(request.reservationId, ctx.deadlineMs, partitions);
      return { reservation: toWireReservation(parts) };
    },
    async batchReserve(request, ctx) {
      if (!guard.safe) throw unsafeStore();
      const { items, traces } = request;
      const results = await withMembers('inventory.reserve', traces, ctx.span, (spans) => {
        const asked = items.map((item, i) => toReserveRequest(item, `items[${i}].`, spans?.of(i)));
        return reserve.reserve(asked, ctx.deadlineMs);
      });
      return { results: results.map(toWireResult) };
    },
    async getReservation(request, ctx) {
      const parts = await book.reservation(request.reservationId, ctx.deadlineMs);
      if (parts.length === 0) throw reservationUnknown();
      return { reservation: toWireReservation(parts) };
    },
  } satisfies Partial<Handlers<typeof InventoryService>>;
}

type CloseBatch = Pick<BatchConfirmRequest, 'reservations' | 'traces'>;

function closing({ close }: InventoryUseCases) {
  type Verb = 'confirm' | 'release' | 'return';
  const one = async (verb: Verb, ref: WireRef | undefined, ctx: CallContext) => {
    if (ref === undefined) throw invalidField('reservation', 'is required');
    const [outcome] = await close.close(verb, [toRef(ref, ctx.span)], ctx.deadlineMs);
    if (outcome !== 'DONE') throw closeError(outcome ?? 'UNKNOWN');
    return {};
  };
  const many = async (verb: Verb, batch: CloseBatch, ctx: CallContext) => {
    const { reservations, traces } = batch;
    const outcomes = await withMembers(`inventory.${verb}`, traces, ctx.span, (spans) => {
      const refs = reservations.map((ref, i) => toRef(ref, spans?.of(i)));
      return close.close(verb, refs, ctx.deadlineMs);
    });
    return { outcomes: outcomes.map(toWireClose) };
  };
  return {
    confirm: (request, ctx) => one('confirm', request.reservation, ctx),
    release: (request, ctx) => one('release', request.reservation, ctx),
    batchConfirm: (request, ctx) => many('confirm', request, ctx),
    batchRelease: (request, ctx) => many('release', request, ctx),
    batchReturn: (request, ctx) => many('return', request, ctx),
    async batchReturnLines(request, ctx) {
      const { returns, traces } = request;
      const outcomes = await withMembers('inventory.return-lines', traces, ctx.span, (spans) => {
        const asked = returns.map((item, i) => toLinesReturn(item, `returns[${i}].`, spans?.of(i)));
        return close.returnLines(asked, ctx.deadlineMs);
      });
      return { outcomes: outcomes.map(toWireClose) };
    },
  } satisfies Partial<Handlers<typeof InventoryService>>;
}

function stock({ book, restock, feed }: InventoryUseCases) {
  return {
    async getStock(request, ctx) {
      const [row] = await book.stocks([request.skuId], ctx.deadlineMs);
      if (row === undefined) throw skuUnknown(request.skuId);
      return { stock: toWireStock(row) };
    },
    async batchGetStock(request, ctx) {
      const rows = await book.stocks([...new Set(request.skuIds)], ctx.deadlineMs);
      return { stocks: rows.map(toWireStock) };
    },
    async restock(request, ctx) {
      const result = await restock.restock(
        {
          requestId: request.requestId,
          skuId: request.skuId,
          delta: Number(request.delta),
          reason: request.reason,
        },
        ctx.deadlineMs,
      );
      if (result.outcome !== 'DONE') throw restockError(result, request.skuId);
      return { stock: toWireStock(result.stock) };
    },
    async listLedger(request, ctx) {
      const before = pageStart(request.pageToken);
      const limit = request.pageSize === 0 ? LEDGER_PAGE_DEFAULT : request.pageSize;
      const entries = await book.ledger(request.skuId, before, limit, ctx.deadlineMs);
      if (entries.length === 0) {
        const [row] = await book.stocks([request.skuId], ctx.deadlineMs);
        if (row === undefined) throw skuUnknown(request.skuId);
      }
      const oldest = entries[entries.length - 1];
      const more = oldest !== undefined && entries.length === limit && oldest.entry > 1;
      return { entries: entries.map(toWireLedger), nextPageToken: more ? `${oldest.entry}` : '' };
    },
    async *watchStock(request, ctx) {
      const { skuIds, soldOutNotice: notices } = request;
      const known = await book.stocks(skuIds, Math.min(ctx.deadlineMs, Date.now() + READ_MS_MAX));
      const missing = skuIds.find((skuId) => !known.some((row) => row.skuId === skuId));
      if (missing !== undefined) throw skuUnknown(missing);
      for await (const update of feed.watch({ skuIds, notices }, ctx.signal)) {
        yield toWireUpdate(update);
      }
    },
  } satisfies Partial<Handlers<typeof InventoryService>>;
}

function pageStart(token: string): number {
  if (token === '') return Number.MAX_SAFE_INTEGER;
  if (!/^[1-9][0-9]{0,15}$/.test(token)) throw invalidField('page_token', 'is not one of ours');
  return Number(token);
}
