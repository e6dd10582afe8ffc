// Scripted neighbours of the order service for tests: an inventory and a payment service that speak
// gRPC, remember what they were asked, and fail on command.

import { status } from '@grpc/grpc-js';
import {
  CloseOutcome,
  InventoryService,
  ReserveOutcome,
  type ReserveRequest,
} from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import {
  CancelPaymentOutcome,
  CreatePaymentOutcome,
  PaymentService,
} from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { RpcError } from '../platform/rpc/errors.js';
import { type Loopback, startLoopback } from '../platform/rpc/loopback.fixture.js';

/** As a transport reports a lost answer: without a reason. */
function lost(): RpcError {
  return new RpcError({ code: status.UNAVAILABLE, reason: '', message: 'lost' });
}

export class ScriptedInventory {
  /** Units left by SKU. */
  readonly units = new Map<string, number>();
  /** Order id by reservation. */
  readonly held = new Map<string, string>();
  readonly closed = new Set<string>();
  readonly asked: string[] = [];
  /** So many reserves take effect, but their answer is lost. */
  answersLost = 0;
  down = false;
  private loopback: Loopback<typeof InventoryService> | undefined;

  async start() {
    const close = (verb: string) => async (request: { reservations: { orderId: string }[] }) => {
      if (this.down) throw lost();
      for (const { orderId } of request.reservations) this.asked.push(`${verb} ${orderId}`);
      return { outcomes: request.reservations.map(() => CloseOutcome.DONE) };
    };
    this.loopback = await startLoopback(InventoryService, {
      batchReserve: async ({ items }) => {
        if (this.down) throw lost();
        const results = items.map((item) => this.reserve(item));
        if (this.answersLost > 0) {
          this.answersLost -= 1;
          throw lost();
        }
        return { results };
      },
      batchConfirm: close('confirm'),
      batchRelease: close('release'),
      batchReturn: close('return'),
      batchReturnLines: async ({ returns }) => {
        if (this.down) throw lost();
        for (const { reservation, returnId, lines } of returns) {
          const units = lines.map(({ skuId, quantity }) => `${quantity} ${skuId}`).join();
          this.asked.push(`return ${reservation?.orderId} ${returnId} ${units}`);
        }
        return { outcomes: returns.map(() => CloseOutcome.DONE) };
      },
    });
    return this.loopback.client;
  }

  stop() {
    return this.loopback?.close();
  }

  private reserve(item: ReserveRequest) {
    const { reservationId, orderId, lines } = item;
    if (this.closed.has(reservationId)) return { outcome: ReserveOutcome.CLOSED };
    const earlier = this.held.get(reservationId);
    if (earlier) return { outcome: ReserveOutcome.DUPLICATE, orderId: earlier };
    for (const { skuId, quantity } of lines) {
      const left = this.units.get(skuId);
      if (left === undefined) return { outcome: ReserveOutcome.SKU_UNKNOWN, skuId };
      if (left < quantity) {
        return { outcome: ReserveOutcome.SOLD_OUT, skuId, available: BigInt(left) };
      }
    }
    for (const { skuId, quantity } of lines) {
      this.units.set(skuId, (this.units.get(skuId) ?? 0) - quantity);
    }
    this.held.set(reservationId, orderId);
    return { outcome: ReserveOutcome.RESERVED, orderId };
  }
}

export class ScriptedPayment {
  /** Amount by order id. */
  readonly intents = new Map<string, bigint>();
  readonly asked: string[] = [];
  /** What a cancel answers, by payment id; cancelled unless scripted. */
  readonly cancels = new Map<string, CancelPaymentOutcome>();
  down = false;
  private loopback: Loopback<typeof PaymentService> | undefined;

  async start() {
    const up = () => {
      if (this.down) throw lost();
    };
    this.loopback = await startLoopback(PaymentService, {
      batchCreatePayment: async ({ items }) => {
        up();
        for (const item of items) this.intents.set(item.orderId, item.amount?.amountMinor ?? 0n);
        return { outcomes: items.map(() => CreatePaymentOutcome.CREATED) };
      },
      batchCancelPayment: async ({ paymentIds }) => {
        up();
        for (const paymentId of paymentIds) this.asked.push(`cancel ${paymentId}`);
        const outcome = (paymentId: string) =>
          this.cancels.get(paymentId) ?? CancelPaymentOutcome.CANCELLED;
        return { outcomes: paymentIds.map(outcome) };
      },
      refundUpTo: async ({ paymentId, requestId, amount }) => {
        up();
        this.asked.push(`refund ${paymentId} ${amount?.amountMinor} ${requestId}`);
        return {};
      },
    });
    return this.loopback.client;
  }

  stop() {
    return this.loopback?.close();
  }
}
