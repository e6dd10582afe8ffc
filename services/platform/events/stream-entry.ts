// How an event stands in a stream: the fields of an entry. What is read there may have been written by
// anybody, so it is checked.

import { contextOf } from '../telemetry/trace-context.js';
import type { PublicEvent } from './event-transport.js';

/** Field, value, field, value. */
export function entryOf(event: PublicEvent): (string | number)[] {
  const { aggregateId, version, kind, body, traceparent } = event;
  const fields = ['aggregate', aggregateId, 'version', version, 'kind', kind, 'body', body];
  return traceparent === undefined ? fields : [...fields, 'traceparent', traceparent];
}

/** Undefined when the fields are not those of an event. */
export function eventOf(fields: readonly string[]): PublicEvent | undefined {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? '', fields[i + 1] ?? '');
  const [aggregateId, kind, body] = ['aggregate', 'kind', 'body'].map((name) => values.get(name));
  const version = Number(values.get('version'));
  if (!aggregateId || !kind || body === undefined) return undefined;
  return Number.isSafeInteger(version) && version >= 1
    ? { aggregateId, version, kind, body, ...tracedBy(values.get('traceparent')) }
    : undefined;
}

// Only what is a trace context, and only of a trace that is recorded.
function tracedBy(traceparent: string | undefined): Pick<PublicEvent, 'traceparent'> {
  return contextOf(traceparent) === undefined ? {} : { traceparent };
}
