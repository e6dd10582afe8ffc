// Writes frames of HTTP/2: they are gathered and leave in one write per turn of the event loop.

import { FRAME_HEADER_BYTES, putFrameHeader } from '../../../services/platform/http2/frames.js';

/** Requests of one turn of the event loop; more are sent in several writes. */
const GATHERED_BYTES = 65_536;

export class FrameWriter {
  readonly #write: (bytes: Buffer) => void;
  readonly #bytes = Buffer.allocUnsafe(GATHERED_BYTES);
  #length = 0;
  #scheduled = false;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.head(type, flags, streamId, payload.length);
    this.append(payload);
  }

  head(type: number, flags: number, streamId: number, length: number): void {
    this.#reserve(FRAME_HEADER_BYTES);
    const head = { length, type, flags, streamId };
    this.#length = putFrameHeader(this.#bytes, this.#length, head);
  }

  /** The next part of the payload whose length the head has told. */
  append(payload: Buffer): void {
    this.#reserve(payload.length);
    this.#length += payload.copy(this.#bytes, this.#length);
  }

  flush(): void {
    if (this.#length === 0) return;
    // A copy, because the socket keeps what it could not send at once.
    const gathered = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    this.#write(gathered);
  }

  #reserve(length: number): void {
    if (this.#length + length > this.#bytes.length) this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
