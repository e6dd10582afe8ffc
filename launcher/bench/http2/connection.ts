// One HTTP/2 connection for unary gRPC calls whose messages are bytes. It does what such a call
// needs and nothing else: a generator that shares two cores with what it measures must cost next to
// nothing.
import { connect, type Socket } from 'node:net';
import {
  FLAG_ACK,
  FLAG_END,
  FLAG_END_HEADERS,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME,
  FrameReader,
  FrameWriter,
} from './frames.js';
import { type Header, HeaderDecoder, HeaderEncoder } from './hpack.js';
import { SendWindow } from './send-window.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const WINDOW_BYTES_MAX = 2 ** 31 - 1;
const WINDOW_BYTES_DEFAULT = 65_535;
/** What was read is granted again when it is this much. */
const GRANT_BYTES = 2 ** 28;
const INITIAL_WINDOW_SIZE = 4;
const MESSAGE_HEAD_BYTES = 5;
const LOOK_INTERVAL_MS = 1_000;

/** A call that was answered with another status than OK. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';

  constructor(
    readonly status: string,
    readonly details: string,
  ) {
    super(`${status}: ${details}`);
  }
}

interface Call {
  readonly startMs: number;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
  body: Buffer | undefined;
  status: string | undefined;
  details: string;
}

export class Connection {
  readonly #socket: Socket;
  readonly #authority: string;
  readonly #out: FrameWriter;
  readonly #encoder = new HeaderEncoder();
  readonly #decoder = new HeaderDecoder();
  readonly #calls = new Map<number, Call>();
  readonly #blocks = new Map<string, Buffer>();
  readonly #send: SendWindow;
  readonly #look: NodeJS.Timeout;
  readonly #callMsMax: number;
  #nextStream = 1;
  #receivedBytes = 0;

  constructor(address: string, callMsMax: number) {
    this.#callMsMax = callMsMax;
    const { hostname, port, host } = new URL(`http://${address}`);
    this.#authority = host;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#out = new FrameWriter((bytes) => this.#socket.write(bytes));
    this.#send = new SendWindow(this.#out, WINDOW_BYTES_DEFAULT);
    const frames = new FrameReader((...frame) => this.#take(...frame));
    this.#socket.on('data', (chunk) => this.#guarded(() => frames.push(chunk)));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error(`${address} has closed the connection`)));
    this.#look = setInterval(() => this.#lookForLate(), LOOK_INTERVAL_MS).unref();
    this.#begin();
  }

  call(path: string, message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const streamId = this.#nextStream;
      this.#nextStream += 2;
      const startMs = performance.now();
      const call: Call = {
        startMs,
        resolve,
        reject,
        body: undefined,
        status: undefined,
        details: '',
      };
      this.#calls.set(streamId, call);
      this.#out.frame(FRAME.HEADERS, FLAG_END_HEADERS, streamId, this.#headers(path));
      const head = Buffer.alloc(MESSAGE_HEAD_BYTES);
      head.writeUInt32BE(message.length, 1);
      this.#send.data(streamId, head, message);
    });
  }

  close(): void {
    clearInterval(this.#look);
    this.#socket.destroy();
  }

  #begin(): void {
    this.#out.append(PREFACE);
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
    settings.writeUInt32BE(WINDOW_BYTES_MAX, 2);
    this.#out.frame(FRAME.SETTINGS, 0, 0, settings);
    this.#grant(WINDOW_BYTES_MAX - WINDOW_BYTES_DEFAULT);
  }

  /** As grpc-js sends them; after the first call each is one byte. */
  #headers(path: string): Buffer {
    const known = this.#blocks.get(path);
    if (known !== undefined) return known;
    const headers: Header[] = [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':authority', this.#authority],
      [':path', path],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['grpc-timeout', `${this.#callMsMax}m`],
      ['user-agent', 'spillway-bench'],
    ];
    const { block, settled } = this.#encoder.encode(headers);
    // A new entry moves all others up by one.
    if (settled) this.#blocks.set(path, block);
    else this.#blocks.clear();
    return block;
  }

  #take(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case FRAME.DATA:
        this.#takeData(flags, streamId, payload);
        break;
      case FRAME.HEADERS:
        this.#takeHeaders(flags, streamId, payload);
        break;
      case FRAME.RST_STREAM:
        this.#end(streamId, (call) => call.reject(new Error('the stream was reset')));
        break;
      case FRAME.SETTINGS:
        if ((flags & FLAG_ACK) === 0) this.#takeSettings(payload);
        break;
      case FRAME.PING:
        if ((flags & FLAG_ACK) === 0) this.#out.frame(FRAME.PING, FLAG_ACK, 0, payload);
        break;
      case FRAME.WINDOW_UPDATE:
        this.#send.update(streamId, payload.readUInt32BE(0));
        break;
      case FRAME.CONTINUATION:
        throw new Error('headers longer than a frame');
      default:
    }
  }

  #takeData(flags: number, streamId: number, payload: Buffer): void {
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes > GRANT_BYTES) {
      this.#grant(this.#receivedBytes);
      this.#receivedBytes = 0;
    }
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    if ((flags & FLAG_PADDED) !== 0) throw new Error('a padded frame');
    call.body = call.body === undefined ? payload : Buffer.concat([call.body, payload]);
  }

  #takeHeaders(flags: number, streamId: number, payload: Buffer): void {
    const plain = (flags & (FLAG_PADDED | FLAG_PRIORITY)) === 0 && (flags & FLAG_END_HEADERS) !== 0;
    if (!plain) throw new Error('headers of another shape');
    const call = this.#calls.get(streamId);
    this.#decoder.decode(payload, (name, value) => {
      if (call === undefined) return;
      if (name === 'grpc-status') call.status = value;
      else if (name === 'grpc-message') call.details = value;
    });
    if ((flags & FLAG_END) !== 0) this.#end(streamId, answer);
  }

  #takeSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== INITIAL_WINDOW_SIZE) continue;
      this.#send.initialBytes = payload.readUInt32BE(at + 2);
    }
    this.#out.frame(FRAME.SETTINGS, FLAG_ACK, 0, Buffer.alloc(0));
  }

  #end(streamId: number, settle: (call: Call) => void): void {
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    this.#calls.delete(streamId);
    settle(call);
  }

  #grant(bytes: number): void {
    const increment = Buffer.alloc(4);
    increment.writeUInt32BE(bytes);
    this.#out.frame(FRAME.WINDOW_UPDATE, 0, 0, increment);
  }

  /** The oldest call stands first. */
  #lookForLate(): void {
    const [oldest] = this.#calls.values();
    if (oldest !== undefined && performance.now() - oldest.startMs > this.#callMsMax) {
      this.#fail(new Error(`no answer for ${this.#callMsMax} ms`));
    }
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(error);
    this.close();
  }
}

function answer({ status, details, body, resolve, reject }: Call): void {
  if (status === '0') resolve(body?.subarray(MESSAGE_HEAD_BYTES) ?? Buffer.alloc(0));
  else reject(new CallRefused(status ?? 'no status', decodeURIComponent(details)));
}
