// The plain HTTP answers of the gateway: one JSON object with one word for machines, never a stack,
// never a page of somebody else's framework.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

export interface Reply {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** What the responses of HTTP/1.1 and HTTP/2 have in common. */
export interface ReplyTarget {
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
  end(text: string): unknown;
}

export function send(res: ReplyTarget, reply: Reply): void {
  const text = `${JSON.stringify(reply.body)}\n`;
  res.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
  });
  res.end(text);
}

export function notFound(): Reply {
  return { status: 404, body: { error: 'not_found' } };
}

export function methodNotAllowed(allow: string): Reply {
  return { status: 405, body: { error: 'method_not_allowed' }, headers: { allow } };
}

/** The rest of the body is unread, so the connection cannot be used again. */
export function tooLarge(bytesMax: number): Reply {
  const body = { error: 'body_too_large', bytes_max: bytesMax };
  return { status: 413, body, headers: { connection: 'close' } };
}

/** Seconds until a caller that was turned away may try again. */
export function tryLater(seconds: number): Reply {
  return {
    status: 503,
    body: { error: 'retry_later' },
    headers: { 'retry-after': String(seconds) },
  };
}

export function declaredBytes(req: IncomingMessage): number {
  const declared = Number(req.headers['content-length'] ?? 0);
  return Number.isSafeInteger(declared) ? declared : 0;
}
