// Names, on the events of orders, the spans that wrote them. Only recorded orders have one, so for all
// others this is one look.

import type { OutboxEvent } from '../../../platform/mysql/outbox.js';
import type { NewOrder } from '../../app/ports.js';

export function withTraces(events: OutboxEvent[], items: readonly NewOrder[]): OutboxEvent[] {
  const recorded = items.filter(({ span }) => span !== undefined);
  if (recorded.length === 0) return events;
  const spans = new Map(recorded.map(({ orderId, span }) => [orderId.toString(), span]));
  return events.map((event) => {
    const trace = spans.get(event.aggregateId);
    return trace === undefined ? event : { ...event, trace };
  });
}
