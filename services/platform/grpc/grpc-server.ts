// A gRPC server on our own HTTP/2: it listens, finds the method of a request, and watches deadlines. It takes
// services in the shape that grpc-js's server takes, whose place it has, see docs/decisions/0005.

import { createServer, type Server, type Socket } from 'node:net';
import { type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { Connection } from '../http2/connection.js';
import type { Field } from '../http2/field.js';
import type { ServerStream, StreamOwner } from '../http2/server-stream.js';
import { type CallMethod, ServerCall } from './call.js';
import { errorBlock, httpError, PREFIX_BYTES, timeoutMs } from './wire.js';

export interface GrpcServerOptions {
  /** Of a request; answers are as large as handlers make them. */
  readonly messageBytesMax: number;
  /** Streams at a time on one connection. */
  readonly streamsMax: number;
  /** Peers that answer nothing for as long are cut. */
  readonly keepaliveMs: number;
}

/** How late a call may hear that its time is up; its caller has noticed by itself. */
const DEADLINE_TICK_MS = 20;

export class GrpcServer {
  readonly #o: GrpcServerOptions;
  readonly #methods = new Map<string, CallMethod>();
  readonly #connections = new Set<Connection>();
  readonly #listener: Server;
  /** Calls with a deadline; those that are answered are forgotten at the next tick. */
  #timed: ServerCall[] = [];
  #timers: NodeJS.Timeout[] = [];
  #drained: (() => void) | undefined;

  constructor(o: GrpcServerOptions) {
    this.#o = o;
    this.#listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    for (const [name, method] of Object.entries(definition)) {
      const handler = implementation[name] ?? implementation[method.originalName ?? name];
      if (handler === undefined) throw new Error(`${method.path} has no handler`);
      this.#methods.set(method.path, {
        requestStream: method.requestStream,
        responseStream: method.responseStream,
        decode: method.requestDeserialize,
        encode: method.responseSerialize,
        handle: handler as unknown as CallMethod['handle'],
      });
    }
  }

  /** Binds `host:port`, port 0 for any, and answers the port. */
  listen(address: string): Promise<number> {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    const every = (ms: number, work: () => void) => setInterval(work, ms).unref();
    this.#timers = [
      every(DEADLINE_TICK_MS, () => this.#expire()),
      every(this.#o.keepaliveMs, () => {
        for (const connection of this.#connections) connection.checkAlive();
      }),
    ];
    return new Promise((resolve, reject) => {
      // Later ones are connections that could not be taken, for want of descriptors: their callers
      // notice, and the process goes on.
      this.#listener.on('error', reject);
      this.#listener.listen(Number(address.slice(colon + 1)), host, () => {
        const bound = this.#listener.address();
        resolve(bound === null || typeof bound === 'string' ? 0 : bound.port);
      });
    });
  }

  /** Takes no new connections or calls; resolves when those that are under way have ended. */
  drain(): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.leave();
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#whenEmpty();
    });
  }

  /** Cuts whatever is left. */
  cut(): void {
    this.#listener.close();
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#connections) connection.cut();
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, {
      streamsMax: this.#o.streamsMax,
      streamWindowBytes: PREFIX_BYTES + this.#o.messageBytesMax,
      open: (stream, fields) => this.#open(stream, fields),
      closed: () => {
        this.#connections.delete(connection);
        this.#whenEmpty();
      },
    });
    this.#connections.add(connection);
  }

  #open(stream: ServerStream, fields: readonly Field[]): StreamOwner {
    const header = (name: string) => fields.find((field) => field.name === name)?.value;
    const refuse = (block: Buffer): StreamOwner => {
      stream.end(block);
      return NOBODY;
    };
    if (header(':method') !== 'POST') return refuse(httpError(405));
    if (!header('content-type')?.startsWith('application/grpc')) return refuse(httpError(415));
    const path = header(':path') ?? '';
    const method = this.#methods.get(path);
    if (method === undefined) {
      const details = `there is no method ${path.slice(0, PATH_SHOWN_MAX)}`;
      return refuse(errorBlock({ code: status.UNIMPLEMENTED, details }, true));
    }
    const leftMs = timeoutMs(header('grpc-timeout'));
    if (leftMs === undefined) return refuse(BAD_TIMEOUT);
    const { messageBytesMax } = this.#o;
    const deadlineMs = leftMs === Number.POSITIVE_INFINITY ? leftMs : Date.now() + leftMs;
    const call = new ServerCall({ stream, method, fields, deadlineMs, messageBytesMax });
    if (deadlineMs !== Number.POSITIVE_INFINITY) this.#timed.push(call);
    call.start();
    return call;
  }

  #expire(): void {
    const nowMs = Date.now();
    this.#timed = this.#timed.filter((call) => !call.answered);
    for (const call of this.#timed) if (call.deadlineMs <= nowMs) call.expire();
  }

  #whenEmpty(): void {
    if (this.#connections.size === 0) this.#drained?.();
  }
}

const PATH_SHOWN_MAX = 200;
const BAD_TIMEOUT = errorBlock(
  { code: status.INVALID_ARGUMENT, details: 'grpc-timeout is no time' },
  true,
);

/** Of a request that was refused at its head. */
const NOBODY: StreamOwner = { received() {}, lost() {}, drained() {} };
