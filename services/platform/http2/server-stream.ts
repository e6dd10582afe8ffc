// One request and its answer. Each half ends by itself; the stream is done when both have, or when one
// side resets it.

import { ERROR, type ErrorCode, FRAME, numberFrame } from './frames.js';
import type { AnswerData, Outbound, Sender } from './outbound.js';

/** Who handles a stream. */
export interface StreamOwner {
  /** The next part of the request; `last` comes once. */
  received(data: Buffer, last: boolean): void;
  /** The caller has reset the stream or is gone; nothing that is sent from now on arrives. */
  lost(): void;
  /** What had to wait for the caller has been sent. */
  drained(): void;
}

export interface ServerStreamParts {
  readonly out: Outbound;
  /** What the caller takes before it must say so again. */
  readonly window: number;
  /** What we take. */
  readonly windowBytes: number;
  readonly done: () => void;
}

export class ServerStream implements Sender {
  readonly streamId: number;
  window: number;
  waiting: Buffer[] = [];
  trailers: Buffer | undefined;
  /** The caller has not ended its half. */
  open = true;
  readonly #o: ServerStreamParts;
  #owner: StreamOwner | undefined;
  #headersSent = false;
  #answered = false;
  #over = false;
  #unacknowledgedBytes = 0;

  constructor(streamId: number, o: ServerStreamParts) {
    this.streamId = streamId;
    this.window = o.window;
    this.#o = o;
  }

  begin(owner: StreamOwner, ended: boolean): void {
    this.#owner = owner;
    if (ended) this.receive(EMPTY, 0, true);
  }

  /** `bytes` counts against the window: data with its padding. */
  receive(data: Buffer, bytes: number, last: boolean): void {
    const { windowBytes } = this.#o;
    this.#unacknowledgedBytes += bytes;
    if (!this.open || this.#unacknowledgedBytes > windowBytes) {
      this.reset(this.open ? ERROR.FLOW_CONTROL_ERROR : ERROR.STREAM_CLOSED);
      return;
    }
    if (last) this.open = false;
    else if (this.#unacknowledgedBytes > windowBytes / 2) this.#allowMore();
    if (!this.#answered) this.#owner?.received(data, last);
  }

  /** The whole answer at once. */
  answer(head: Buffer, data: AnswerData, trailers: Buffer): void {
    if (this.#answered || this.#over) return;
    this.#answered = true;
    this.#o.out.answer(this, head, data, trailers);
  }

  /** An answer of many parts: its head, then data, then end(). */
  head(block: Buffer): void {
    if (this.#headersSent || this.#answered || this.#over) return;
    this.#headersSent = true;
    this.#o.out.headers(this.streamId, block, false);
  }

  get headersSent(): boolean {
    return this.#headersSent;
  }

  /** False when the caller is slow: wait for drained(). */
  send(data: Buffer): boolean {
    if (this.#answered || this.#over) return true;
    return this.#o.out.data(this, data);
  }

  end(trailers: Buffer): void {
    if (this.#answered || this.#over) return;
    this.#answered = true;
    this.#o.out.end(this, trailers);
  }

  /** Ends both halves at once, and tells the owner that nobody listens. */
  reset(code: ErrorCode): void {
    if (this.#over) return;
    this.#o.out.write(numberFrame(FRAME.RST_STREAM, this.streamId, code));
    this.cancel();
  }

  cancel(): void {
    if (this.#over) return;
    this.#finish();
    this.#o.out.forget(this);
    this.#owner?.lost();
  }

  drained(): void {
    this.#owner?.drained();
  }

  ended(): void {
    // The answer came before the end of the request, and the rest of that is of no use.
    const early = this.open;
    if (early) this.#o.out.write(numberFrame(FRAME.RST_STREAM, this.streamId, ERROR.NO_ERROR));
    this.#finish();
  }

  #allowMore(): void {
    const bytes = this.#unacknowledgedBytes;
    this.#unacknowledgedBytes = 0;
    this.#o.out.write(numberFrame(FRAME.WINDOW_UPDATE, this.streamId, bytes));
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#o.done();
  }
}

const EMPTY = Buffer.alloc(0);
