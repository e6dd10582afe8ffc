// The server's side of one HTTP/2 connection (RFC 9113): what comes in, checked frame by frame. It knows
// streams and windows; what a request means is the business of `open`.
//
// Invariant: every stream that was opened is told of its end exactly once, by the last of its data, or
// by lost(); whatever breaks the protocol ends the stream or the connection, never the process.

import type { Socket } from 'node:net';
import {
  ERROR,
  type ErrorCode,
  FLAG,
  FRAME,
  FRAME_BYTES_MAX,
  FrameReader,
  frame,
  goawayFrame,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './frames.js';
import { Outbound } from './outbound.js';
import {
  CONNECTION_WINDOW_BYTES,
  HEADER_BYTES_MAX,
  Streams,
  type StreamsOptions,
} from './streams.js';

export interface ConnectionOptions extends StreamsOptions {
  /** The connection is gone. */
  closed(): void;
}

/** A peer that does not close after our last word is cut. */
const CLOSE_MS_MAX = 1_000;

export class Connection {
  readonly #socket: Socket;
  readonly #out: Outbound;
  readonly #streams: Streams;
  readonly #reader = new FrameReader();
  /** What has come of it; undefined when it was whole. */
  #preface: Buffer | undefined = NOTHING;
  #settled = false;
  /** ANNOUNCED: the peer has been asked to open no more. CLOSED: what it opens all the same is refused. */
  #leaving: 'NO' | 'ANNOUNCED' | 'CLOSED' = 'NO';
  #failed = false;
  #pinged = false;

  constructor(socket: Socket, o: ConnectionOptions) {
    this.#socket = socket;
    this.#out = new Outbound(socket);
    this.#streams = new Streams(this.#out, o, () => this.#emptied());
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    // What an error means is told by the 'close' that follows it.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#streams.cancelAll();
      o.closed();
    });
    this.#out.write(
      settingsFrame([
        [SETTING.MAX_CONCURRENT_STREAMS, o.streamsMax],
        [SETTING.INITIAL_WINDOW_SIZE, o.streamWindowBytes],
        [SETTING.MAX_HEADER_LIST_SIZE, HEADER_BYTES_MAX],
      ]),
    );
    const more = CONNECTION_WINDOW_BYTES - WINDOW_DEFAULT;
    this.#out.write(numberFrame(FRAME.WINDOW_UPDATE, 0, more));
  }

  /** Takes no new streams, and closes when the last one has ended. */
  leave(): void {
    if (this.#leaving !== 'NO') return;
    this.#leaving = 'ANNOUNCED';
    // Streams that are on their way to us are still taken: the last word follows when the other side
    // has answered, because by then it has read the first one.
    this.#out.write(goawayFrame(WINDOW_MAX, ERROR.NO_ERROR));
    this.#out.write(frame(FRAME.PING, 0, 0, LEAVING));
    setTimeout(() => this.#closeDoor(), CLOSE_MS_MAX).unref();
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** Call it at intervals: a peer that answered nothing since the last one is cut. */
  checkAlive(): void {
    if (this.#pinged) this.cut();
    else this.#out.write(frame(FRAME.PING, 0, 0, ALIVE));
    this.#pinged = true;
  }

  #read(chunk: Buffer): void {
    this.#pinged = false;
    const bytes = this.#preface === undefined ? chunk : this.#afterPreface(chunk);
    if (bytes === undefined || this.#failed) return;
    if (!this.#reader.read(bytes, this.#onFrame)) this.#fail(ERROR.FRAME_SIZE_ERROR);
  }

  #afterPreface(chunk: Buffer): Buffer | undefined {
    const bytes = Buffer.concat([this.#preface as Buffer, chunk]);
    const length = Math.min(bytes.length, PREFACE.length);
    if (!bytes.subarray(0, length).equals(PREFACE.subarray(0, length))) {
      this.#fail(ERROR.PROTOCOL_ERROR);
      return undefined;
    }
    this.#preface = length < PREFACE.length ? bytes : undefined;
    return this.#preface === undefined ? bytes.subarray(length) : undefined;
  }

  readonly #onFrame = (type: number, flags: number, streamId: number, payload: Buffer): boolean => {
    const error = this.#frame(type, flags, streamId, payload);
    if (error !== undefined) this.#fail(error);
    return !this.#failed;
  };

  /** Answers what is wrong with it, when that ends the connection. */
  #frame(type: number, flags: number, id: number, payload: Buffer): ErrorCode | undefined {
    const { openBlockId } = this.#streams;
    // Nothing may come between the parts of a header block.
    if (openBlockId !== undefined && type !== FRAME.CONTINUATION) return ERROR.PROTOCOL_ERROR;
    if (!this.#settled && type !== FRAME.SETTINGS) return ERROR.PROTOCOL_ERROR;
    switch (type) {
      case FRAME.DATA:
        return this.#streams.data(flags, id, payload);
      case FRAME.HEADERS:
        return this.#streams.headers(flags, id, payload);
      case FRAME.PRIORITY:
        if (id === 0) return ERROR.PROTOCOL_ERROR;
        return payload.length === 5 ? undefined : ERROR.FRAME_SIZE_ERROR;
      case FRAME.RST_STREAM:
        return this.#streams.reset(id, payload);
      case FRAME.SETTINGS:
        return this.#settings(flags, id, payload);
      case FRAME.PING:
        return this.#ping(flags, id, payload);
      case FRAME.GOAWAY:
        // The peer opens no more; its streams end as they would, and then it closes.
        return id === 0 ? undefined : ERROR.PROTOCOL_ERROR;
      case FRAME.WINDOW_UPDATE:
        return this.#streams.windowUpdate(id, payload);
      case FRAME.CONTINUATION:
        return this.#streams.continuation(flags, id, payload);
      case FRAME.PUSH_PROMISE:
        return ERROR.PROTOCOL_ERROR;
      default:
        return undefined;
    }
  }

  #settings(flags: number, id: number, payload: Buffer): ErrorCode | undefined {
    if (id !== 0) return ERROR.PROTOCOL_ERROR;
    const acknowledged = (flags & FLAG.ACK) !== 0;
    if (acknowledged) return payload.length === 0 ? undefined : ERROR.FRAME_SIZE_ERROR;
    if (payload.length % 6 !== 0) return ERROR.FRAME_SIZE_ERROR;
    this.#settled = true;
    for (let at = 0; at < payload.length; at += 6) {
      const error = this.#setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
      if (error !== undefined) return error;
    }
    this.#out.write(frame(FRAME.SETTINGS, FLAG.ACK, 0, NOTHING));
    return undefined;
  }

  #setting(id: number, value: number): ErrorCode | undefined {
    if (id === SETTING.ENABLE_PUSH) return value > 1 ? ERROR.PROTOCOL_ERROR : undefined;
    if (id === SETTING.MAX_FRAME_SIZE) {
      if (value < FRAME_BYTES_MAX || value > FRAME_BYTES_MOST) return ERROR.PROTOCOL_ERROR;
      this.#out.frameBytesMax = value;
    }
    if (id === SETTING.INITIAL_WINDOW_SIZE) return this.#streams.rewind(value);
    return undefined;
  }

  #ping(flags: number, id: number, payload: Buffer): ErrorCode | undefined {
    if (id !== 0) return ERROR.PROTOCOL_ERROR;
    if (payload.length !== 8) return ERROR.FRAME_SIZE_ERROR;
    if ((flags & FLAG.ACK) === 0) this.#out.write(frame(FRAME.PING, FLAG.ACK, 0, payload));
    else if (payload.equals(LEAVING)) this.#closeDoor();
    return undefined;
  }

  #emptied(): void {
    if (this.#leaving === 'CLOSED') this.#end();
  }

  #closeDoor(): void {
    if (this.#leaving === 'CLOSED' || this.#socket.destroyed) return;
    this.#leaving = 'CLOSED';
    this.#streams.close();
    this.#out.write(goawayFrame(this.#streams.lastStreamId, ERROR.NO_ERROR));
    if (this.#streams.size === 0) this.#end();
  }

  #fail(code: ErrorCode): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#out.write(goawayFrame(this.#streams.lastStreamId, code));
    this.#end();
  }

  #end(): void {
    this.#out.flush();
    this.#socket.end();
    setTimeout(() => this.cut(), CLOSE_MS_MAX).unref();
  }
}

const NOTHING = Buffer.alloc(0);
const ALIVE = Buffer.from('spillway');
const LEAVING = Buffer.from('goodbye.');
const FRAME_BYTES_MOST = 2 ** 24 - 1;
