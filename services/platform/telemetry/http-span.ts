// Spans of HTTP calls, by the names of the semantic conventions.

import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions';
import { type Span, TRACEPARENT, traceparentOf } from './trace-context.js';

export interface HttpCall {
  readonly method: string;
  /** Without a query. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

/** A call that we make; undefined when nobody records what it is made for. */
export function beginHttpCall(parent: Span | undefined, call: HttpCall): Span | undefined {
  return parent?.child(`${call.method} ${call.path}`, {
    kind: 'CLIENT',
    attributes: {
      [ATTR_HTTP_REQUEST_METHOD]: call.method,
      [ATTR_URL_PATH]: call.path,
      [ATTR_SERVER_ADDRESS]: call.host,
      [ATTR_SERVER_PORT]: call.port,
    },
  });
}

/** Attributes of calls that we take. */
export function httpServerAttributes(method: string, route: string) {
  return { [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_HTTP_ROUTE]: route };
}

export function traceHeaders(span: Span | undefined): Record<string, string> {
  return span === undefined ? {} : { [TRACEPARENT]: traceparentOf(span) };
}

/** Undefined stands for no answer. What the server could not do is its fault; a refusal is none. */
export function endHttp(span: Span | undefined, statusCode: number | undefined): void {
  if (span === undefined) return;
  span.set(ATTR_HTTP_RESPONSE_STATUS_CODE, statusCode);
  const faulty = statusCode === undefined || statusCode >= 500;
  span.end(faulty ? { fault: statusCode === undefined ? 'no_answer' : `${statusCode}` } : {});
}
