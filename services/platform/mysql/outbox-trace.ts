// Tracing of events from the row to the handler. A row carries the context of the span that wrote it,
// inside its payload and only when that span is recorded; so no other row is longer, and a process that
// knows nothing of traces reads them all.

import {
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM,
} from '@opentelemetry/semantic-conventions/incubating';
import {
  contextOf,
  TRACEPARENT,
  type TraceContext,
  type Traced,
  traceparentOf,
} from '../telemetry/trace-context.js';
import { beginUnder } from '../telemetry/trace-recorder.js';

/** As much of an event as matters here. */
interface Event extends Traced {
  readonly aggregateId: string;
  readonly version: number;
  readonly payload: unknown;
  readonly trace?: TraceContext | undefined;
}

/** The payload as it is stored. */
export function storedPayload({ payload, trace }: Pick<Event, 'payload' | 'trace'>): unknown {
  if (trace === undefined || typeof payload !== 'object' || payload === null) return payload;
  return { ...payload, [TRACEPARENT]: traceparentOf(trace) };
}

/** The payload as it was given, and the context that was stored with it. */
export function readPayload(stored: unknown): { payload: unknown; trace?: TraceContext } {
  if (typeof stored !== 'object' || stored === null || !(TRACEPARENT in stored)) {
    return { payload: stored };
  }
  const { [TRACEPARENT]: traceparent, ...payload } = stored as Record<string, unknown>;
  const trace = contextOf(traceparent);
  return trace === undefined ? { payload } : { payload, trace };
}

/** Gives each recorded event a span for its delivery. */
export function beginDeliveries<E extends Event>(kind: string, events: E[]): E[] {
  if (!events.some(({ trace }) => trace !== undefined)) return events;
  return events.map((event) => {
    const { aggregateId, version } = event;
    const attempts = (event as { attempts?: number }).attempts;
    const span = beginUnder(event.trace, `process ${kind}`, {
      kind: 'CONSUMER',
      attributes: {
        [ATTR_MESSAGING_SYSTEM]: 'spillway_outbox',
        [ATTR_MESSAGING_OPERATION_NAME]: 'process',
        [ATTR_MESSAGING_OPERATION_TYPE]: 'process',
        [ATTR_MESSAGING_DESTINATION_NAME]: kind,
        'spillway.aggregate.id': aggregateId,
        'spillway.aggregate.version': version,
        // Present when the relay delivers, because nobody did so at once.
        'spillway.outbox.attempts': attempts,
      },
    });
    return span === undefined ? event : { ...event, span };
  });
}

export function endDeliveries(
  events: readonly Traced[],
  deliveries: readonly (string | { park: string })[],
): void {
  events.forEach(({ span }, i) => {
    const delivery = deliveries[i];
    span?.end({ outcome: typeof delivery === 'object' ? 'PARK' : delivery });
  });
}
