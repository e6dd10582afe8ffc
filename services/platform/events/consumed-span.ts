// The span of an event in its consumer, under the one that published it.

import {
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM,
} from '@opentelemetry/semantic-conventions/incubating';
import { contextOf, type Span } from '../telemetry/trace-context.js';
import { beginUnder } from '../telemetry/trace-recorder.js';
import type { PublicEvent } from './event-transport.js';

/** Undefined when nobody records what published it. */
export function beginConsumed(event: PublicEvent): Span | undefined {
  const { kind, aggregateId, version, traceparent } = event;
  if (traceparent === undefined) return undefined;
  return beginUnder(contextOf(traceparent), `process ${kind}`, {
    kind: 'CONSUMER',
    attributes: {
      [ATTR_MESSAGING_SYSTEM]: 'redis_streams',
      [ATTR_MESSAGING_OPERATION_NAME]: 'process',
      [ATTR_MESSAGING_OPERATION_TYPE]: 'process',
      [ATTR_MESSAGING_DESTINATION_NAME]: kind,
      'spillway.aggregate.id': aggregateId,
      'spillway.aggregate.version': version,
    },
  });
}
