// One server-streaming method: sends what the handler yields, no faster than the caller reads.
// A stream ends with its handler, or when the caller leaves, its deadline passes or the server
// stops; then the handler's signal aborts and its iterator is told to return, but not waited for.
import type { DescMethod, Message } from '@bufbuild/protobuf';
import {
  type handleServerStreamingCall,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Log } from '../log.js';
import type { Span } from '../telemetry/trace-context.js';
import type { Admission } from './admission.js';
import { type CallContext, callerDeadlineMs, LiveCall } from './call-context.js';
import { type CallFailure, CallTrace } from './call-trace.js';
import { encoder, type MessageLike, methodPath } from './definition.js';
import { RpcError, reasonOf, toServiceError } from './errors.js';
import type { EndStream, OpenStreams } from './open-streams.js';
import { FULL, OVERLOAD_RETRY_MS, TOO_LATE } from './unary.js';
import { requestCheck } from './validate.js';

export type StreamHandler = (request: Message, ctx: CallContext) => AsyncIterable<MessageLike>;

export interface StreamMethod {
  method: DescMethod;
  handler: StreamHandler;
  admission: Admission;
  open: OpenStreams;
  log: Log;
}

// Watching is what streams are for, so they outlive any unary deadline, but not for ever: an hour
// bounds what a forgotten watcher costs, and callers connect again.
const STREAM_MS_MAX = 60 * 60 * 1000;

type Outbound = ServerWritableStream<Message, Buffer>;
type Ending = 'CALLER_LEFT' | 'TOO_LATE' | 'STOPPING';

const ENDINGS = {
  TOO_LATE,
  STOPPING: toServiceError(
    new RpcError({
      code: status.UNAVAILABLE,
      reason: 'DEPENDENCY_UNAVAILABLE',
      message: 'the server is stopping; call again',
      retryDelayMs: OVERLOAD_RETRY_MS,
    }),
  ),
} as const satisfies Record<Exclude<Ending, 'CALLER_LEFT'>, ServiceError>;

export function streamCall(o: StreamMethod): handleServerStreamingCall<Message, Buffer> {
  const check = requestCheck(o.method.input);
  const encode = encoder(o.method.output);
  const trace = new CallTrace(methodPath(o.method));

  async function serve(call: Outbound, stream: OpenStream) {
    let failure: CallFailure | undefined;
    try {
      const refusal = check(call.request);
      if (refusal) throw refusal;
      const ending = await pump(stream, o.handler(call.request, stream.ctx), encode, o.log);
      if (ending === 'DONE') call.end();
      else if (ending !== 'CALLER_LEFT') call.emit('error', ENDINGS[ending]);
    } catch (error) {
      const refusal = toServiceError(error, o.log);
      failure = { code: refusal.code, reason: reasonOf(error) };
      call.emit('error', refusal);
    } finally {
      // Only what was recorded from its beginning: an hour is no long time for a stream.
      if (stream.ctx.span) trace.end(stream.ctx.span, 0, failure, [call.request]);
      stream.close();
      o.open.delete(stream.end);
      o.admission.leave();
    }
  }

  return (call) => {
    const nowMs = Date.now();
    const deadlineMs = Math.min(callerDeadlineMs(call), nowMs + STREAM_MS_MAX);
    if (deadlineMs <= nowMs) return void call.emit('error', TOO_LATE);
    if (!o.admission.enter()) return void call.emit('error', FULL);
    const span = trace.begin(call, nowMs);
    const stream = new OpenStream(call, deadlineMs, deadlineMs - nowMs, span);
    o.open.add(stream.end);
    void serve(call, stream);
  };
}

/** Moves values from handler to caller until one of them, the clock or the server has enough. */
async function pump(
  stream: OpenStream,
  values: AsyncIterable<MessageLike>,
  encode: (value: MessageLike) => Buffer,
  log: Log,
): Promise<Ending | 'DONE'> {
  const iterator = values[Symbol.asyncIterator]();
  for (;;) {
    const next = await stream.unlessEnded(iterator.next());
    if (next !== 'ENDED' && next.done) return 'DONE';
    if (next !== 'ENDED') {
      if (stream.write(encode(next.value))) continue;
      if ((await stream.unlessEnded(stream.drained())) !== 'ENDED') continue;
    }
    // A generator that does not listen to its signal answers this only when it next yields.
    iterator.return?.().catch((err: unknown) => log.warn({ err }, 'stream clean-up failed'));
    return stream.ending ?? 'CALLER_LEFT';
  }
}

class OpenStream {
  readonly ctx: LiveCall;
  readonly #call: Outbound;
  readonly #timer: NodeJS.Timeout;
  ending: Ending | undefined;
  #wake: (() => void) | undefined;

  constructor(call: Outbound, deadlineMs: number, leftMs: number, span: Span | undefined) {
    this.#call = call;
    this.ctx = new LiveCall(call, deadlineMs, span);
    this.#timer = setTimeout(() => this.#finish('TOO_LATE'), leftMs);
    call.once('cancelled', () => this.#finish('CALLER_LEFT'));
  }

  /** An arrow, because it is kept apart from its object. */
  readonly end: EndStream = () => this.#finish('STOPPING');

  /** One waiter at a time, so that a long stream does not pile up listeners. */
  unlessEnded<T>(work: Promise<T>): Promise<T | 'ENDED'> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve('ENDED');
      if (this.ending) resolve('ENDED');
      work.then(resolve, reject);
    });
  }

  write(bytes: Buffer): boolean {
    return this.ending !== undefined || this.#call.write(bytes);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#call.once('drain', resolve));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wake = undefined;
  }

  #finish(ending: Ending): void {
    if (this.ending) return;
    this.ending = ending;
    this.ctx.abort();
    this.#wake?.();
  }
}
