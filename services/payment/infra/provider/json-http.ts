// JSON over HTTP to one peer, with every bound spelled out: connections, waiting calls, time to connect,
// total time, size of an answer. Answers what came back or that nothing usable did; it never rejects.

import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as secureRequest } from 'node:https';
import { beginHttpCall, endHttp, traceHeaders } from '../../../platform/telemetry/http-span.js';
import type { Span } from '../../../platform/telemetry/trace-context.js';

export interface JsonHttpOptions {
  readonly baseUrl: string;
  /** Connections, and so calls in flight. */
  readonly connectionsMax: number;
  /** Calls that wait for a connection; more are not even tried. */
  readonly waitingMax: number;
  readonly connectMsMax: number;
  /** From the call to the last byte of the answer, waiting included. */
  readonly totalMsMax: number;
}

export interface JsonHttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** What it is made for, when that is recorded. */
  readonly span?: Span | undefined;
}

export type JsonHttpAnswer =
  | { outcome: 'ANSWER'; status: number; body: unknown }
  /** The peer may or may not have acted. */
  | { outcome: 'FAILED'; reason: string };

const ANSWER_BYTES_MAX = 64 * 1024;
/** Shorter than peers keep idle connections, so that it is we who close them. */
const IDLE_MS_MAX = 30_000;

export class JsonHttp {
  readonly #o: JsonHttpOptions;
  readonly #base: URL;
  readonly #agent: HttpAgent;
  #active = 0;

  constructor(o: JsonHttpOptions) {
    this.#o = o;
    this.#base = new URL(o.baseUrl);
    const Agent = this.#base.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: o.connectionsMax,
      maxFreeSockets: o.connectionsMax,
      scheduling: 'lifo',
      timeout: IDLE_MS_MAX,
    });
  }

  async call(call: JsonHttpCall): Promise<JsonHttpAnswer> {
    if (call.span === undefined) return this.#call(call);
    const { method, path, headers } = call;
    const { hostname: host, port } = this.#base;
    const [route = path] = path.split('?', 1);
    const span = beginHttpCall(call.span, { method, path: route, host, port: Number(port) });
    const answer = await this.#call({ ...call, headers: { ...headers, ...traceHeaders(span) } });
    endHttp(span, answer.outcome === 'ANSWER' ? answer.status : undefined);
    return answer;
  }

  async #call(call: JsonHttpCall): Promise<JsonHttpAnswer> {
    if (this.#active >= this.#o.connectionsMax + this.#o.waitingMax) {
      return { outcome: 'FAILED', reason: 'too many calls are waiting' };
    }
    this.#active += 1;
    const deadlineMs = Date.now() + this.#o.totalMsMax;
    try {
      return await this.#attempt(call, deadlineMs, true);
    } catch (error) {
      return { outcome: 'FAILED', reason: error instanceof Error ? error.message : 'unknown' };
    } finally {
      this.#active -= 1;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A kept connection may have been closed by the peer just now: then once more on a fresh one. */
  #attempt(call: JsonHttpCall, deadlineMs: number, again: boolean): Promise<JsonHttpAnswer> {
    return new Promise((resolve, reject) => {
      const sent = this.#send(call);
      const late = () => sent.destroy(new Error(`no answer within ${this.#o.totalMsMax} ms`));
      const timer = setTimeout(late, Math.max(0, deadlineMs - Date.now()));
      sent.on('response', (response) => {
        readJson(response).then(resolve, reject);
      });
      sent.on('close', () => clearTimeout(timer));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        const stale = sent.reusedSocket && error.code === 'ECONNRESET';
        if (stale && again) resolve(this.#attempt(call, deadlineMs, false));
        else reject(error);
      });
    });
  }

  #send({ method, path, headers, body }: JsonHttpCall): ClientRequest {
    const url = new URL(path, this.#base);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const send = url.protocol === 'https:' ? secureRequest : request;
    const sent = send(url, {
      method,
      agent: this.#agent,
      headers: {
        accept: 'application/json',
        ...(text !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        }),
        ...headers,
      },
    });
    this.#boundConnect(sent);
    sent.end(text);
    return sent;
  }

  #boundConnect(sent: ClientRequest): void {
    sent.on('socket', (socket) => {
      if (!socket.connecting) return;
      const { connectMsMax } = this.#o;
      const late = () => sent.destroy(new Error(`not connected within ${connectMsMax} ms`));
      const timer = setTimeout(late, connectMsMax);
      const clear = () => clearTimeout(timer);
      socket.once('connect', clear);
      socket.once('close', clear);
    });
  }
}

async function readJson(response: IncomingMessage): Promise<JsonHttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { outcome: 'ANSWER', status: response.statusCode ?? 0, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
