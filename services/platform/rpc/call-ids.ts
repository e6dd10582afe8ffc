// By which ids a call can be found again in the logs: those of its trace, and those that its request
// names. Ids alone: whatever else a request holds is the caller's business.

import type { Message } from '@bufbuild/protobuf';
import type { TraceContext } from '../telemetry/trace-context.js';

const ID_FIELDS = ['orderId', 'paymentId', 'reservationId', 'skuId', 'requestId'];
/** As long as the contract lets an id be; the request may have been refused for a longer one. */
const CHARS_MAX = 64;

export function callIds(request: Message, trace: TraceContext | undefined): Record<string, string> {
  const ids: Record<string, string> = {};
  if (trace) Object.assign(ids, { trace_id: trace.traceId, span_id: trace.spanId });
  const fields = request as unknown as Record<string, unknown>;
  for (const field of ID_FIELDS) {
    const value = fields[field];
    if (typeof value === 'string' && value !== '' && value.length <= CHARS_MAX) ids[field] = value;
  }
  return ids;
}
