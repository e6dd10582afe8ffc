// Frames of HTTP/2 (RFC 9113): what is written is gathered and leaves in one write per turn of the
// event loop, what arrives is cut into frames without copying.

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** END_STREAM of DATA and HEADERS, ACK of SETTINGS and PING. */
export const FLAG_END = 0x1;
export const FLAG_ACK = 0x1;
export const FLAG_END_HEADERS = 0x4;
export const FLAG_PADDED = 0x8;
export const FLAG_PRIORITY = 0x20;

const HEAD_BYTES = 9;
/** What every peer takes without being asked. */
export const FRAME_BYTES_MAX = 16_384;
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
    this.#reserve(HEAD_BYTES);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes.writeUIntBE(length, at, 3);
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes.writeUInt32BE(streamId, at + 5);
    this.#length += HEAD_BYTES;
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

export type TakeFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

export class FrameReader {
  readonly #take: TakeFrame;
  #rest: Buffer | undefined;

  constructor(take: TakeFrame) {
    this.#take = take;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + HEAD_BYTES <= bytes.length) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const payload = bytes.subarray(at + HEAD_BYTES, end);
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      this.#take(bytes[at + 3] as number, bytes[at + 4] as number, streamId, payload);
      at = end;
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at);
  }
}
