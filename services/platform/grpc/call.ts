// One gRPC call on the server: the request put together, its deadline, its end. What a handler sees of it
// has the shape of grpc-js's own calls, so that what is written for those runs here as well.
//
// Invariant: a call is answered at most once; after 'cancelled' nobody listens to an answer.

import { EventEmitter } from 'node:events';
import { type Metadata, status } from '@grpc/grpc-js';
import type { Field } from '../http2/field.js';
import type { ServerStream, StreamOwner } from '../http2/server-stream.js';
import { type BadMessage, MessageReader } from './message-reader.js';
import {
  ANSWER_HEAD,
  errorBlock,
  type Failure,
  metadataOf,
  OK_TRAILERS,
  prefixed,
  prefixOf,
} from './wire.js';

export interface CallMethod {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly decode: (bytes: Buffer) => unknown;
  readonly encode: (value: unknown) => Buffer;
  readonly handle: (call: ServerCall, reply: Reply) => void;
}

export type Reply = (error: Failure | null, value?: unknown) => void;

export interface CallParts {
  readonly stream: ServerStream;
  readonly method: CallMethod;
  readonly fields: readonly Field[];
  /** Epoch ms; Infinity for none. */
  readonly deadlineMs: number;
  readonly messageBytesMax: number;
}

export class ServerCall extends EventEmitter implements StreamOwner {
  /** The message of a call that has only one. */
  request: unknown = undefined;
  cancelled = false;
  readonly deadlineMs: number;
  readonly #o: CallParts;
  readonly #reader: MessageReader;
  #metadata: Metadata | undefined;
  #messages = 0;
  #answered = false;

  constructor(o: CallParts) {
    super();
    this.#o = o;
    this.deadlineMs = o.deadlineMs;
    this.#reader = new MessageReader(o.messageBytesMax);
    if (o.method.responseStream) this.on('error', (error: Failure) => this.fail(error));
  }

  /** A stream of requests is handled from its start, a single one when it is whole. */
  start(): void {
    if (this.#o.method.requestStream) this.#begin();
  }

  get metadata(): Metadata {
    this.#metadata ??= metadataOf(this.#o.fields);
    return this.#metadata;
  }

  /** The value of a header without making all of them; undefined when there is none. */
  header(name: string): string | undefined {
    return this.#o.fields.find((field) => field.name === name)?.value;
  }

  getDeadline(): number {
    return this.deadlineMs;
  }

  received(data: Buffer, last: boolean): void {
    const messages: Buffer[] = [];
    const bad = this.#reader.read(data, messages);
    for (const message of messages) this.#take(message);
    if (bad !== undefined) this.fail(REFUSALS[bad]);
    if (bad !== undefined || !last) return;
    if (!this.#reader.whole) this.fail(CUT_SHORT);
    else if (this.#o.method.requestStream) this.emit('end');
    else if (this.#messages === 1) this.#begin();
    else this.fail(ONE_MESSAGE);
  }

  lost(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.#answered = true;
    this.emit('cancelled');
  }

  /** The caller's time is up: it hears so, and the handler as well. */
  expire(): void {
    if (this.#answered) return;
    this.fail(TOO_LATE);
    this.lost();
  }

  drained(): void {
    this.emit('drain');
  }

  /** False when the caller is slow: wait for 'drain'. */
  write(value: unknown): boolean {
    if (this.#answered) return true;
    this.#o.stream.head(ANSWER_HEAD);
    return this.#o.stream.send(prefixed(this.#o.method.encode(value)));
  }

  end(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#o.stream.head(ANSWER_HEAD);
    this.#o.stream.end(OK_TRAILERS);
  }

  fail(failure: Failure): void {
    if (this.#answered) return;
    this.#answered = true;
    const { stream } = this.#o;
    stream.end(errorBlock(failure, !stream.headersSent));
  }

  get answered(): boolean {
    return this.#answered;
  }

  #take(bytes: Buffer): void {
    const { requestStream, decode } = this.#o.method;
    this.#messages += 1;
    if (!requestStream && this.#messages > 1) return;
    try {
      const message = decode(bytes);
      if (requestStream) this.emit('data', message);
      else this.request = message;
    } catch {
      this.fail(UNREADABLE);
    }
  }

  #begin(): void {
    if (this.#answered) return;
    this.#o.method.handle(this, (error, value) => {
      if (error) return this.fail(error);
      if (this.#answered) return;
      this.#answered = true;
      const data = this.#o.method.encode(value);
      this.#o.stream.answer(ANSWER_HEAD, { prefix: prefixOf(data), data }, OK_TRAILERS);
    });
  }
}

function refusal(code: status, details: string): Failure {
  return { code, details };
}

const REFUSALS: Readonly<Record<BadMessage, Failure>> = {
  COMPRESSED: refusal(status.UNIMPLEMENTED, 'compressed messages are not read here'),
  TOO_LARGE: refusal(status.RESOURCE_EXHAUSTED, 'the message is larger than this server reads'),
};
const CUT_SHORT = refusal(status.INTERNAL, 'the request ended within a message');
const ONE_MESSAGE = refusal(status.UNIMPLEMENTED, 'the method takes exactly one message');
const UNREADABLE = refusal(status.INVALID_ARGUMENT, 'the bytes are no such message');
const TOO_LATE = refusal(status.DEADLINE_EXCEEDED, "the caller's time is up");
