// A gRPC server whose every bound is spelled out: message size, streams, deadlines, calls in
// flight. Invariant: an accepted call is answered, also while the server stops.
import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { GrpcServer, type GrpcServerOptions } from '../grpc/grpc-server.js';
import type { Log } from '../log.js';
import { Admission } from './admission.js';
import type { CallContext } from './call-context.js';
import { metered } from './call-meter.js';
import { alreadyEncoded, decoder, methodPath, requestDecoder } from './definition.js';
import { Health } from './health.js';
import { OpenStreams } from './open-streams.js';
import { Pulse } from './pulse.js';
import { addReflection } from './reflection.js';
import { type StreamHandler, streamCall } from './stream.js';
import { type UnaryHandler, unaryCall } from './unary.js';

export type { CallContext } from './call-context.js';

export type Handlers<S extends DescService> = {
  [K in keyof S['method']]: Handler<S['method'][K]>;
};

type Handler<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, ctx: CallContext) => Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, ctx: CallContext) => AsyncIterable<MessageInitShape<O>>
      : never;

export interface RpcServerOptions {
  log: Log;
  /** For callers that set no deadline. */
  deadlineMsDefault: number;
  /** For unary calls; streams may last an hour. */
  deadlineMsMax: number;
  /** Unary calls in flight, and again as many streams; more are refused as OVERLOADED. */
  concurrencyMax: number;
  /** Refuses larger requests and answers; default 4 MiB. */
  messageBytesMax?: number;
}

// A full batch of 1,000 orders of 20 lines of 75 bytes and three ids of 66 is 1.7 MiB.
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
// Finds callers whose machine is gone: they are cut after one to two of these.
const KEEPALIVE_MS = 60_000;

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #server: GrpcServer;
  readonly #health = new Health();
  readonly #services: DescService[] = [];
  readonly #openStreams = new OpenStreams();
  readonly #pulse = new Pulse();
  readonly #unaryAdmission: Admission;
  readonly #streamAdmission: Admission;

  constructor(o: RpcServerOptions) {
    this.#options = o;
    this.#server = new GrpcServer(serverOptions(o));
    this.#unaryAdmission = new Admission(o.concurrencyMax);
    this.#streamAdmission = new Admission(o.concurrencyMax);
    this.#unaryAdmission.meter('unary');
    this.#streamAdmission.meter('stream');
  }

  /**
   * Registers a service and compiles its validation rules, so call it before listen().
   * `concurrencyExempt` names methods that free what an overload holds and must get through.
   */
  add<S extends DescService>(
    service: S,
    handlers: Handlers<S>,
    o: { concurrencyExempt?: readonly (keyof S['method'])[] } = {},
  ): this {
    const implementation: UntypedServiceImplementation = {};
    for (const method of service.methods) {
      const handler: unknown = handlers[method.localName as keyof S['method']];
      const exempt = o.concurrencyExempt?.includes(method.localName) ?? false;
      implementation[method.localName] = this.#implement(method, handler, exempt);
    }
    this.#server.addService(serviceDefinition(service), implementation);
    this.#services.push(service);
    this.#health.addService(service.typeName);
    return this;
  }

  /** Binds `host:port`, port 0 for any, and tells the port. Health says NOT_SERVING until told. */
  async listen(address: string): Promise<number> {
    this.#health.addTo(this.#server, this.#openStreams);
    addReflection(this.#server, this.#services, this.#openStreams);
    this.#pulse.start();
    return await this.#server.listen(address);
  }

  setServing(serving: boolean): void {
    this.#health.setServing(serving);
  }

  /**
   * Takes no new connections, ends streams, waits for calls in flight up to `drainMsMax`, then cuts
   * what is left. Resolves in any case.
   */
  async stop(drainMsMax: number): Promise<void> {
    this.setServing(false);
    this.#pulse.stop();
    const drained = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), drainMsMax);
      void this.#server.drain().then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    this.#openStreams.endAll();
    if (!(await drained)) this.#options.log.warn({ drainMsMax }, 'drain took too long; cutting');
    this.#server.cut();
  }

  #implement(
    method: DescService['methods'][number],
    handler: unknown,
    exempt: boolean,
  ): handleUnaryCall<Message, Buffer> | handleServerStreamingCall<Message, Buffer> {
    const log = this.#options.log.child({ method: methodPath(method) });
    switch (method.methodKind) {
      case 'unary':
        return metered(
          methodPath(method),
          unaryCall({
            method,
            handler: handler as UnaryHandler,
            admission: exempt ? undefined : this.#unaryAdmission,
            limits: this.#options,
            pulse: this.#pulse,
            log,
          }),
        );
      case 'server_streaming':
        return streamCall({
          method,
          handler: handler as StreamHandler,
          admission: this.#streamAdmission,
          open: this.#openStreams,
          log,
        });
      default:
        throw new Error(`${methodPath(method)}: ${method.methodKind} is not supported`);
    }
  }
}

function serviceDefinition(service: DescService) {
  return Object.fromEntries(
    service.methods.map((method) => [
      method.localName,
      {
        path: methodPath(method),
        originalName: method.localName,
        requestStream: false,
        responseStream: method.methodKind === 'server_streaming',
        requestDeserialize: requestDecoder(method.input),
        responseSerialize: alreadyEncoded,
        // A server never uses these two; grpc-js's type wants them.
        requestSerialize: alreadyEncoded,
        responseDeserialize: decoder(method.output),
      },
    ]),
  );
}

function serverOptions(o: RpcServerOptions): GrpcServerOptions {
  return {
    messageBytesMax: o.messageBytesMax ?? MESSAGE_BYTES_MAX,
    // Above the limit of calls, so that callers are told OVERLOADED instead of waiting unseen in
    // their own connection; 100 for health, reflection and calls whose caller has left.
    streamsMax: 2 * o.concurrencyMax + 100,
    keepaliveMs: KEEPALIVE_MS,
  };
}
