// What goes out over one connection: frames in the order of their writing, gathered over one turn of the
// event loop into one write, and message bytes no faster than the other side's windows allow. Frames are
// written straight into the piece that leaves: a buffer for each would cost more than its bytes.
//
// Invariant: what a stream sends keeps its order; nothing of it is sent after its end or its reset.

import type { Socket } from 'node:net';
import {
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  type FrameHead,
  putFrameHeader,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './frames.js';

/** The sending half of a stream. */
export interface Sender {
  readonly streamId: number;
  /** How many bytes the other side still takes; may be negative after its settings have changed. */
  window: number;
  /** What waits for a window, in order. */
  waiting: Buffer[];
  /** The block of trailers that ends the stream after what waits. */
  trailers: Buffer | undefined;
  /** Told when nothing waits any longer. */
  drained(): void;
  /** Told when the stream's end has been written. */
  ended(): void;
}

/** Both are copied at once. */
export interface AnswerData {
  readonly prefix: Buffer;
  readonly data: Buffer;
}

/** Beyond this the other side does not read; then nothing more is read from it either. */
const BACKLOG_BYTES_MAX = 1024 * 1024;
/** Room for fifty answers; what is sent is never written to again, so a new piece follows a full one. */
const PIECE_BYTES = 32 * 1024;

export class Outbound {
  readonly #socket: Socket;
  /** Full ones that have not left yet. */
  #pieces: Buffer[] = [];
  #piece = NO_BYTES;
  /** What lies between them has not left yet. */
  #from = 0;
  #to = 0;
  #scheduled = false;
  #window = WINDOW_DEFAULT;
  #frameBytesMax = FRAME_BYTES_MAX;
  readonly #held = new Set<Sender>();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => socket.resume());
  }

  write(frame: Buffer): void {
    this.#reserve(frame.length);
    this.#to += frame.copy(this.#piece, this.#to);
  }

  /** An arrow, because it is kept apart from its object. */
  readonly flush = (): void => {
    this.#scheduled = false;
    this.#cut();
    const pieces = this.#pieces;
    if (pieces.length === 0 || this.#socket.destroyed) return;
    this.#pieces = [];
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) this.#socket.pause();
  };

  headers(streamId: number, block: Buffer, end: boolean): void {
    const flags = FLAG.END_HEADERS | (end ? FLAG.END_STREAM : 0);
    this.#frame({ type: FRAME.HEADERS, flags, streamId, length: block.length }, block);
  }

  /** A whole answer in one piece, when the windows allow it; its data are `prefix` and `data`. */
  answer(to: Sender, head: Buffer, { prefix, data }: AnswerData, trailers: Buffer): void {
    const length = prefix.length + data.length;
    this.headers(to.streamId, head, false);
    const whole = length <= this.#room(to) && length <= this.#frameBytesMax;
    if (!whole || to.waiting.length > 0) {
      this.data(to, Buffer.concat([prefix, data]));
      this.end(to, trailers);
      return;
    }
    this.#spend(to, length);
    this.#frame({ type: FRAME.DATA, flags: 0, streamId: to.streamId, length }, prefix, data);
    this.headers(to.streamId, trailers, true);
    to.ended();
  }

  /** False when some of it must wait: then `drained` is told later. */
  data(to: Sender, bytes: Buffer): boolean {
    to.waiting.push(bytes);
    return this.#pump(to);
  }

  end(to: Sender, trailers: Buffer): void {
    to.trailers = trailers;
    this.#pump(to);
  }

  /** A stream that was reset sends nothing more. */
  forget(sender: Sender): void {
    this.#held.delete(sender);
    sender.waiting = [];
  }

  /** False when the window becomes larger than the protocol allows. */
  widen(sender: Sender | undefined, bytes: number): boolean {
    if (sender === undefined) {
      this.#window += bytes;
      if (this.#window > WINDOW_MAX) return false;
      for (const held of this.#held) this.#pump(held);
      return true;
    }
    sender.window += bytes;
    if (sender.window > WINDOW_MAX) return false;
    if (this.#held.has(sender)) this.#pump(sender);
    return true;
  }

  set frameBytesMax(bytes: number) {
    this.#frameBytesMax = bytes;
  }

  #pump(to: Sender): boolean {
    while (to.waiting.length > 0) {
      const next = to.waiting[0] as Buffer;
      const bytes = Math.min(next.length, this.#room(to), this.#frameBytesMax);
      if (bytes <= 0 && next.length > 0) {
        this.#held.add(to);
        return false;
      }
      this.#spend(to, bytes);
      this.#data(to.streamId, next.subarray(0, bytes));
      if (bytes === next.length) to.waiting.shift();
      else to.waiting[0] = next.subarray(bytes);
    }
    const waited = this.#held.delete(to);
    if (to.trailers !== undefined) {
      this.headers(to.streamId, to.trailers, true);
      to.ended();
    } else if (waited) to.drained();
    return true;
  }

  #room(to: Sender): number {
    return Math.min(to.window, this.#window);
  }

  #spend(to: Sender, bytes: number): void {
    to.window -= bytes;
    this.#window -= bytes;
  }

  #data(streamId: number, payload: Buffer): void {
    this.#frame({ type: FRAME.DATA, flags: 0, streamId, length: payload.length }, payload);
  }

  #frame(head: FrameHead, first: Buffer, second?: Buffer): void {
    this.#reserve(FRAME_HEADER_BYTES + head.length);
    let at = putFrameHeader(this.#piece, this.#to, head);
    at += first.copy(this.#piece, at);
    if (second !== undefined) at += second.copy(this.#piece, at);
    this.#to = at;
  }

  #reserve(bytes: number): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.flush);
    }
    if (this.#to + bytes <= this.#piece.length) return;
    this.#cut();
    this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
    this.#from = 0;
    this.#to = 0;
  }

  #cut(): void {
    if (this.#to > this.#from) this.#pieces.push(this.#piece.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}

const NO_BYTES = Buffer.alloc(0);
