// The streams of one connection: requests that begin, their data, their resets and their windows.
//
// Invariant: every stream that was opened is told of its end exactly once, by the last of its data or as
// lost. Each method answers an error code when a frame breaks the connection, not only its stream.

import { type Field, sizeOf } from './field.js';
import {
  ERROR,
  type ErrorCode,
  FLAG,
  FRAME,
  numberFrame,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './frames.js';
import { HpackDecoder } from './hpack.js';
import { OpenById } from './open-by-id.js';
import type { Outbound } from './outbound.js';
import { wellFormed, wellFormedTrailers } from './request-fields.js';
import { ServerStream, type StreamOwner } from './server-stream.js';

export interface StreamsOptions {
  /** More at a time are refused before anything was done for them. */
  readonly streamsMax: number;
  /** What a caller may send of one request before it is told to go on. */
  readonly streamWindowBytes: number;
  /** A request has come: answer who wants its data. */
  open(stream: ServerStream, fields: readonly Field[]): StreamOwner;
}

/** What may be on its way to us before we have looked at it, over all streams. */
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
/** Of one request, counted as the protocol counts. grpc-js and others send well under 1 KiB. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** A block of 16 KiB fits in one frame; empty parts cost time, and no peer needs many. */
const BLOCK_PARTS_MAX = 16;

/** A header block that goes on in the next frame. */
interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

export class Streams {
  readonly #out: Outbound;
  readonly #o: StreamsOptions;
  readonly #emptied: () => void;
  readonly #hpack = new HpackDecoder();
  readonly #streams = new OpenById<ServerStream>();
  #block: OpenBlock | undefined;
  #lastStreamId = 0;
  #unacknowledgedBytes = 0;
  #peerWindow = WINDOW_DEFAULT;
  #closed = false;

  constructor(out: Outbound, o: StreamsOptions, emptied: () => void) {
    this.#out = out;
    this.#o = o;
    this.#emptied = emptied;
  }

  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** The stream whose header block goes on in the next frame. */
  get openBlockId(): number | undefined {
    return this.#block?.streamId;
  }

  /** Later ones are refused, and may be tried elsewhere. */
  close(): void {
    this.#closed = true;
  }

  cancelAll(): void {
    for (const stream of this.#streams.values()) stream.cancel();
  }

  data(flags: number, id: number, payload: Buffer): ErrorCode | undefined {
    if (this.#idle(id)) return ERROR.PROTOCOL_ERROR;
    const data = unpadded(flags, payload);
    if (data === undefined) return ERROR.PROTOCOL_ERROR;
    this.#unacknowledgedBytes += payload.length;
    if (this.#unacknowledgedBytes > CONNECTION_WINDOW_BYTES) return ERROR.FLOW_CONTROL_ERROR;
    if (this.#unacknowledgedBytes > CONNECTION_WINDOW_BYTES / 2) {
      this.#out.write(numberFrame(FRAME.WINDOW_UPDATE, 0, this.#unacknowledgedBytes));
      this.#unacknowledgedBytes = 0;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      // It may have been on its way when we ended the stream; then the peer does not mind either.
      this.#out.write(numberFrame(FRAME.RST_STREAM, id, ERROR.STREAM_CLOSED));
      return undefined;
    }
    stream.receive(data, payload.length, (flags & FLAG.END_STREAM) !== 0);
    return undefined;
  }

  headers(flags: number, id: number, payload: Buffer): ErrorCode | undefined {
    if (id % 2 === 0) return ERROR.PROTOCOL_ERROR;
    const plain = unpadded(flags, payload);
    const weighed = (flags & FLAG.PRIORITY) !== 0;
    if (plain === undefined || (weighed && plain.length < 5)) return ERROR.PROTOCOL_ERROR;
    if (weighed && (plain.readUInt32BE(0) & WINDOW_MAX) === id) return ERROR.PROTOCOL_ERROR;
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    const block: OpenBlock = { streamId: id, endStream, parts: [], bytes: 0 };
    const part = weighed ? plain.subarray(5) : plain;
    return this.#blockPart(block, part, (flags & FLAG.END_HEADERS) !== 0);
  }

  continuation(flags: number, id: number, payload: Buffer): ErrorCode | undefined {
    if (this.#block?.streamId !== id) return ERROR.PROTOCOL_ERROR;
    return this.#blockPart(this.#block, payload, (flags & FLAG.END_HEADERS) !== 0);
  }

  reset(id: number, payload: Buffer): ErrorCode | undefined {
    if (payload.length !== 4) return ERROR.FRAME_SIZE_ERROR;
    if (this.#idle(id)) return ERROR.PROTOCOL_ERROR;
    this.#streams.get(id)?.cancel();
    return undefined;
  }

  windowUpdate(id: number, payload: Buffer): ErrorCode | undefined {
    if (payload.length !== 4) return ERROR.FRAME_SIZE_ERROR;
    if (id !== 0 && this.#idle(id)) return ERROR.PROTOCOL_ERROR;
    const bytes = payload.readUInt32BE(0) & WINDOW_MAX;
    if (id === 0) {
      if (bytes === 0) return ERROR.PROTOCOL_ERROR;
      return this.#out.widen(undefined, bytes) ? undefined : ERROR.FLOW_CONTROL_ERROR;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return undefined;
    if (bytes === 0) stream.reset(ERROR.PROTOCOL_ERROR);
    else if (!this.#out.widen(stream, bytes)) stream.reset(ERROR.FLOW_CONTROL_ERROR);
    return undefined;
  }

  /** The window that new streams begin with has changed, and with it that of the open ones. */
  rewind(bytes: number): ErrorCode | undefined {
    if (bytes > WINDOW_MAX) return ERROR.FLOW_CONTROL_ERROR;
    const more = bytes - this.#peerWindow;
    this.#peerWindow = bytes;
    for (const stream of this.#streams.values()) {
      if (!this.#out.widen(stream, more)) return ERROR.FLOW_CONTROL_ERROR;
    }
    return undefined;
  }

  #blockPart(block: OpenBlock, part: Buffer, last: boolean): ErrorCode | undefined {
    block.parts.push(part);
    block.bytes += part.length;
    // A coded block is smaller than what it stands for; empty parts are counted as well.
    if (block.bytes > HEADER_BYTES_MAX || block.parts.length > BLOCK_PARTS_MAX)
      return ERROR.ENHANCE_YOUR_CALM;
    this.#block = last ? undefined : block;
    if (!last) return undefined;
    const whole = block.parts.length === 1 ? part : Buffer.concat(block.parts);
    const fields = this.#hpack.decode(whole);
    return fields === undefined ? ERROR.COMPRESSION_ERROR : this.#request(block, fields);
  }

  #request({ streamId: id, endStream }: OpenBlock, fields: Field[]): ErrorCode | undefined {
    const known = this.#streams.get(id);
    if (known !== undefined) {
      if (!known.open) known.reset(ERROR.STREAM_CLOSED);
      else if (!endStream || !wellFormedTrailers(fields)) known.reset(ERROR.PROTOCOL_ERROR);
      else known.receive(NOTHING, 0, true);
      return undefined;
    }
    if (id <= this.#lastStreamId) return ERROR.STREAM_CLOSED;
    this.#lastStreamId = id;
    const refused = this.#streams.size >= this.#o.streamsMax || this.#closed;
    const tooLong = fields.reduce((sum, field) => sum + sizeOf(field), 0) > HEADER_BYTES_MAX;
    if (refused || tooLong || !wellFormed(fields)) {
      const code = refused ? ERROR.REFUSED_STREAM : ERROR.PROTOCOL_ERROR;
      this.#out.write(numberFrame(FRAME.RST_STREAM, id, code));
      return undefined;
    }
    const stream = new ServerStream(id, {
      out: this.#out,
      window: this.#peerWindow,
      windowBytes: this.#o.streamWindowBytes,
      done: () => this.#forget(id),
    });
    this.#streams.set(id, stream);
    stream.begin(this.#o.open(stream, fields), endStream);
    return undefined;
  }

  /** Nobody has opened it yet. */
  #idle(id: number): boolean {
    return id === 0 || id % 2 === 0 || id > this.#lastStreamId;
  }

  #forget(id: number): void {
    this.#streams.delete(id);
    if (this.#streams.size === 0) this.#emptied();
  }
}

/** Undefined when there is more padding than payload. */
function unpadded(flags: number, payload: Buffer): Buffer | undefined {
  if ((flags & FLAG.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) return undefined;
  return payload.subarray(1, payload.length - padding);
}

const NOTHING = Buffer.alloc(0);
