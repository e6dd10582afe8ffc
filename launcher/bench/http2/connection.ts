// One HTTP/2 connection for unary gRPC calls whose messages are bytes. It does what such a call
// needs and nothing else: a generator that shares two cores with what it measures must cost next to
// nothing.
import { connect, type Socket } from 'node:net';
import type { Field } from '../../../services/platform/http2/field.js';
import {
  FLAG,
  FRAME,
  FrameReader,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from '../../../services/platform/http2/frames.js';
import { HpackDecoder } from '../../../services/platform/http2/hpack.js';
import { FrameWriter } from './frame-writer.js';
import { HeaderEncoder } from './header-encoder.js';
import { SendWindow } from './send-window.js';

/** What was read is granted again when it is this much. */
const GRANT_BYTES = 2 ** 28;
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
  readonly #decoder = new HpackDecoder();
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
    this.#send = new SendWindow(this.#out, WINDOW_DEFAULT);
    const frames = new FrameReader();
    const take = (type: number, flags: number, streamId: number, payload: Buffer) => {
      this.#take(type, flags, streamId, payload);
      return true;
    };
    this.#socket.on('data', (chunk) => this.#guarded(() => frames.read(chunk, take)));
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
      this.#out.frame(FRAME.HEADERS, FLAG.END_HEADERS, streamId, this.#headers(path));
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
    this.#out.append(settingsFrame([[SETTING.INITIAL_WINDOW_SIZE, WINDOW_MAX]]));
    this.#grant(WINDOW_MAX - WINDOW_DEFAULT);
  }

  /** As grpc-js sends them; after the first call each is one byte. */
  #headers(path: string): Buffer {
    const known = this.#blocks.get(path);
    if (known !== undefined) return known;
    const fields: Field[] = [
      { name: ':method', value: 'POST' },
      { name: ':scheme', value: 'http' },
      { name: ':authority', value: this.#authority },
      { name: ':path', value: path },
      { name: 'content-type', value: 'application/grpc' },
      { name: 'te', value: 'trailers' },
      { name: 'grpc-timeout', value: `${this.#callMsMax}m` },
      { name: 'user-agent', value: 'spillway-bench' },
    ];
    const { block, settled } = this.#encoder.encode(fields);
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
        if ((flags & FLAG.ACK) === 0) this.#takeSettings(payload);
        break;
      case FRAME.PING:
        if ((flags & FLAG.ACK) === 0) this.#out.frame(FRAME.PING, FLAG.ACK, 0, payload);
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
    if ((flags & FLAG.PADDED) !== 0) throw new Error('a padded frame');
    call.body = call.body === undefined ? payload : Buffer.concat([call.body, payload]);
  }

  #takeHeaders(flags: number, streamId: number, payload: Buffer): void {
    const plain = (flags & (FLAG.PADDED | FLAG.PRIORITY)) === 0 && (flags & FLAG.END_HEADERS) !== 0;
    if (!plain) throw new Error('headers of another shape');
    const call = this.#calls.get(streamId);
    const fields = this.#decoder.decode(payload);
    if (fields === undefined) throw new Error('headers that cannot be read');
    if (call !== undefined) for (const { name, value } of fields) tell(call, name, value);
    if ((flags & FLAG.END_STREAM) !== 0) this.#end(streamId, answer);
  }

  #takeSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTING.INITIAL_WINDOW_SIZE) continue;
      this.#send.initialBytes = payload.readUInt32BE(at + 2);
    }
    this.#out.frame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(0));
  }

  #end(streamId: number, settle: (call: Call) => void): void {
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    this.#calls.delete(streamId);
    settle(call);
  }

  #grant(bytes: number): void {
    this.#out.append(numberFrame(FRAME.WINDOW_UPDATE, 0, bytes));
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

function tell(call: Call, name: string, value: string): void {
  if (name === 'grpc-status') call.status = value;
  else if (name === 'grpc-message') call.details = value;
}

function answer({ status, details, body, resolve, reject }: Call): void {
  if (status === '0') resolve(body?.subarray(MESSAGE_HEAD_BYTES) ?? Buffer.alloc(0));
  else reject(new CallRefused(status ?? 'no status', decodeURIComponent(details)));
}
