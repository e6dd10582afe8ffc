// What goes out over one connection: frames in the order of their writing, gathered over one turn of the
// event loop into one write, and message bytes no faster than the other side's windows allow.
//
// Invariant: what a stream sends keeps its order; nothing of it is sent after its end or its reset.

import type { Socket } from 'node:net';
import {
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
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

/** Beyond this the other side does not read; then nothing more is read from it either. */
const BACKLOG_BYTES_MAX = 1024 * 1024;

export class Outbound {
  readonly #socket: Socket;
  #frames: Buffer[] = [];
  #scheduled = false;
  #window = WINDOW_DEFAULT;
  #frameBytesMax = FRAME_BYTES_MAX;
  readonly #held = new Set<Sender>();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => socket.resume());
  }

  write(frame: Buffer): void {
    this.#frames.push(frame);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.flush);
  }

  /** An arrow, because it is kept apart from its object. */
  readonly flush = (): void => {
    this.#scheduled = false;
    const frames = this.#frames;
    if (frames.length === 0 || this.#socket.destroyed) return;
    this.#frames = [];
    this.#socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) this.#socket.pause();
  };

  headers(streamId: number, block: Buffer, end: boolean): void {
    this.write(headersFrame(streamId, block, end));
  }

  /** A whole answer in one piece, when the windows allow it. */
  answer(to: Sender, head: Buffer, data: Buffer, trailers: Buffer): void {
    const whole = data.length <= this.#room(to) && data.length <= this.#frameBytesMax;
    if (!whole || to.waiting.length > 0) {
      this.headers(to.streamId, head, false);
      this.data(to, data);
      this.end(to, trailers);
      return;
    }
    this.#spend(to, data.length);
    const { streamId } = to;
    const bytes = Buffer.allocUnsafe(
      3 * FRAME_HEADER_BYTES + head.length + data.length + trailers.length,
    );
    const { HEADERS, DATA } = FRAME;
    const last = FLAG.END_HEADERS | FLAG.END_STREAM;
    let at = put(bytes, 0, { type: HEADERS, flags: FLAG.END_HEADERS, streamId }, head);
    at = put(bytes, at, { type: DATA, flags: 0, streamId }, data);
    put(bytes, at, { type: HEADERS, flags: last, streamId }, trailers);
    this.write(bytes);
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
      this.write(dataFrame(to.streamId, next.subarray(0, bytes)));
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
}

function headersFrame(streamId: number, block: Buffer, end: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + block.length);
  const flags = FLAG.END_HEADERS | (end ? FLAG.END_STREAM : 0);
  put(bytes, 0, { type: FRAME.HEADERS, flags, streamId }, block);
  return bytes;
}

function dataFrame(streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  put(bytes, 0, { type: FRAME.DATA, flags: 0, streamId }, payload);
  return bytes;
}

function put(
  into: Buffer,
  at: number,
  o: { type: number; flags: number; streamId: number },
  payload: Buffer,
): number {
  const start = putFrameHeader(into, at, { ...o, length: payload.length });
  return start + payload.copy(into, start);
}
