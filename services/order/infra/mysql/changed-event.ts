// The public news of an order, as the outbox stores it beside the change that it tells of. What goes
// out is made of it by event-stream-client.ts.

import { geneOf } from '../../../platform/ids.js';
import type { OutboxEvent } from '../../../platform/mysql/outbox.js';
import type { Order, OrderTransition } from '../../domain/order.js';

/** Also the name of the topic's only kind of event, so that it is one word for both. */
export const CHANGED_KIND = 'order.changed';

/** Plain JSON. */
export type ChangedPayload = Omit<OrderTransition, 'version'> & { readonly userId: string };

/** The news that an order was placed. The same for whoever tells it, however late. */
export function placedEvent(order: Order): OutboxEvent {
  return changedEvent(order, {
    version: 1,
    from: undefined,
    to: 'PENDING_PAYMENT',
    operator: 'user',
    remark: '',
    atMs: order.createdMs,
  });
}

export function changedEvent(order: Order, transition: OrderTransition): OutboxEvent {
  const { version, ...change } = transition;
  const payload: ChangedPayload = { ...change, userId: order.userId };
  const aggregateId = order.orderId.toString();
  return { shard: geneOf(order.orderId), aggregateId, version, kind: CHANGED_KIND, payload };
}
