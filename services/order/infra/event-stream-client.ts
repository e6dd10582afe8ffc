// Says what the public hears of an order's change: the stored payload as a message of the contract.

import { create, toJsonString } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OrderChangedSchema } from '../../../gen/spillway/order/v1/order_changed_pb.js';
import { OrderState as WireState } from '../../../gen/spillway/order/v1/order_pb.js';
import type { OutboxEvent } from '../../platform/mysql/outbox.js';
import type { OrderState } from '../domain/order.js';
import type { ChangedPayload } from './mysql/changed-event.js';

const states = {
  PENDING_PAYMENT: WireState.PENDING_PAYMENT,
  DEPOSIT_PAID: WireState.DEPOSIT_PAID,
  PAID: WireState.PAID,
  SHIPPED: WireState.SHIPPED,
  DELIVERED: WireState.DELIVERED,
  COMPLETED: WireState.COMPLETED,
  CANCELLED: WireState.CANCELLED,
} as const satisfies Record<OrderState, WireState>;

/** Throws when the payload is not one of ours: such an event is parked, not published. */
export function changedBody(event: OutboxEvent): string {
  const payload = event.payload as Partial<ChangedPayload> | null;
  const to = payload?.to && states[payload.to];
  if (!payload || !to || payload.atMs === undefined) throw new Error('not the change of an order');
  const message = create(OrderChangedSchema, {
    orderId: event.aggregateId,
    version: BigInt(event.version),
    from: payload.from === undefined ? WireState.UNSPECIFIED : states[payload.from],
    to,
    operator: payload.operator ?? '',
    remark: payload.remark ?? '',
    at: timestampFromMs(payload.atMs),
    userId: payload.userId ?? '',
  });
  return toJsonString(OrderChangedSchema, message);
}
