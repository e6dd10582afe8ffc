// What may be sent: the peer grants bytes per connection and per stream, and takes nothing beyond
// them. Messages that must wait are sent in order as soon as bytes are granted.
import { FLAG, FRAME, FRAME_BYTES_MAX } from '../../../services/platform/http2/frames.js';
import type { FrameWriter } from './frame-writer.js';

interface Waiting {
  readonly streamId: number;
  readonly bytes: Buffer;
  sent: number;
  windowBytes: number;
}

export class SendWindow {
  /** What the peer grants each new stream. */
  initialBytes: number;
  readonly #out: FrameWriter;
  #connectionBytes: number;
  #waiting: Waiting[] = [];

  constructor(out: FrameWriter, bytes: number) {
    this.#out = out;
    this.initialBytes = bytes;
    this.#connectionBytes = bytes;
  }

  /** Sends the two parts as one message and ends the stream. */
  data(streamId: number, head: Buffer, message: Buffer): void {
    const length = head.length + message.length;
    const fits = length <= Math.min(FRAME_BYTES_MAX, this.initialBytes, this.#connectionBytes);
    if (fits && this.#waiting.length === 0) {
      this.#connectionBytes -= length;
      this.#out.head(FRAME.DATA, FLAG.END_STREAM, streamId, length);
      this.#out.append(head);
      this.#out.append(message);
      return;
    }
    const bytes = Buffer.concat([head, message]);
    this.#waiting.push({ streamId, bytes, sent: 0, windowBytes: this.initialBytes });
    this.#sendWaiting();
  }

  /** Stream 0 is the connection. */
  update(streamId: number, bytes: number): void {
    if (streamId === 0) this.#connectionBytes += bytes;
    else {
      const waiting = this.#waiting.find((each) => each.streamId === streamId);
      if (waiting !== undefined) waiting.windowBytes += bytes;
    }
    if (this.#waiting.length > 0) this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (const each of this.#waiting) this.#sendSome(each);
    this.#waiting = this.#waiting.filter((each) => each.sent < each.bytes.length);
  }

  #sendSome(each: Waiting): void {
    while (each.sent < each.bytes.length) {
      const left = each.bytes.length - each.sent;
      const length = Math.min(left, FRAME_BYTES_MAX, each.windowBytes, this.#connectionBytes);
      if (length <= 0) return;
      const payload = each.bytes.subarray(each.sent, each.sent + length);
      this.#out.frame(FRAME.DATA, length === left ? FLAG.END_STREAM : 0, each.streamId, payload);
      each.sent += length;
      each.windowBytes -= length;
      this.#connectionBytes -= length;
    }
  }
}
