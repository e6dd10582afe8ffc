// What a request is answered with, and what a request brought.

import type { IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly type?: string;
  /** Instead of a body: sent one after the other, as fast as they are read. */
  readonly pieces?: Iterable<string>;
}

/** No answer at all, as if it had been lost on its way. */
export const SILENCE = Symbol('silence');

export function refusal(status: number, message: string): Answer {
  return { status, body: { error: { message } } };
}

const BODY_BYTES_MAX = 16 * 1024;

/** Undefined for anything that is not JSON of a bearable size: the schema then says what is missing. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  try {
    return bytes > BODY_BYTES_MAX ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
