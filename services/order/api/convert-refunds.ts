// The translator of refunds of lines.

import type { RefundLinesRequest } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { timestampOf } from '../../platform/rpc/timestamp.js';
import type { RefundLinesCommand } from '../app/refund-lines.js';
import { amountOf } from '../domain/line-refund.js';
import type { LineRefund } from '../domain/order.js';

export function refundLinesOf(orderId: bigint, request: RefundLinesRequest): RefundLinesCommand {
  const { requestId, lines, reason } = request;
  return {
    orderId,
    requestId,
    lines: lines.map(({ skuId, quantity }) => ({ skuId, quantity })),
    reason,
    expectedVersion: Number(request.expectedVersion),
  };
}

export function lineRefundTo(currency: string, refund: LineRefund) {
  return {
    requestId: refund.requestId,
    lines: refund.lines.map(({ skuId, quantity, amountMinor }) => {
      return { skuId, quantity, amount: { currency, amountMinor } };
    }),
    amount: { currency, amountMinor: amountOf(refund) },
    unitsReturned: refund.unitsReturned,
    reason: refund.reason,
    version: BigInt(refund.version),
    at: timestampOf(refund.atMs),
  };
}
