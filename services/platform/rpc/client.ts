// A typed gRPC client: round robin over the addresses, absolute deadlines, RpcError for every
// failure. An error with reason '' was made on the way, so the outcome of its call is unknown.
// Nothing is repeated that a server may have seen: whoever holds the idempotency key decides about
// that. (grpc-js itself repeats only attempts that never reached a server.)
import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import {
  Client as Channel,
  type ClientOptions,
  connectivityState,
  credentials,
  type Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { assert } from '../assert.js';
import type { Span } from '../telemetry/trace-context.js';
import { CallMeter } from './call-meter.js';
import { beginCall, endClientCall, tracedHeaders } from './call-trace.js';
import { alreadyEncoded, decoder, encoder, type MessageLike, methodPath } from './definition.js';
import { deadlineExceeded, fromServiceError, RpcError } from './errors.js';
import { targetsOf } from './target.js';

export interface CallOptions {
  /** Absolute epoch ms; the server is told what is left of it. */
  deadlineMs: number;
  metadata?: Metadata;
  signal?: AbortSignal;
  /** What the call is made for, when that is recorded. */
  span?: Span | undefined;
}

export type Client<S extends DescService> = {
  [K in keyof S['method']]: ClientMethod<S['method'][K]>;
};

type ClientMethod<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, o: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, o: CallOptions) => AsyncIterable<MessageShape<O>>
      : never;

/** Connects lazily, with the first call. A stream starts when its iteration starts. */
export function connectClient<S extends DescService>(
  service: S,
  o: { addresses: readonly string[] },
): Client<S> & { close(): void } {
  const channels = targetsOf(o.addresses).map(
    (target) => new Channel(target, credentials.createInsecure(), CHANNEL_OPTIONS),
  );
  const pick = roundRobin(channels);
  const client: Record<string, unknown> = {
    close: () => {
      for (const channel of channels) channel.close();
    },
  };
  for (const method of service.methods) {
    if (method.methodKind === 'unary') client[method.localName] = unary(pick, method);
    if (method.methodKind === 'server_streaming') client[method.localName] = stream(pick, method);
  }
  return client as Client<S> & { close(): void };
}

// Both sides' limit; see the server for its arithmetic.
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

const CHANNEL_OPTIONS: ClientOptions = {
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // No service config from DNS: it could bring a retry policy that repeats processed calls.
  'grpc.service_config_disable_resolution': 1,
  // On, without a policy: repeats only what never reached a server, as when a connection closes
  // under a call that is about to start. Off, grpc-js reports that as INTERNAL.
  'grpc.enable_retries': 1,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  // Finds half-open connections, also before the first call of a rush. Longer than a drain takes,
  // because a ping that meets a draining server drops the calls on its connection.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  // A restarted server is found within 50 ms to a second.
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  // Stay connected between sales: 2^31 - 1 ms is the longest that a timer takes.
  'grpc.client_idle_timeout_ms': 2 ** 31 - 1,
  // Internal calls never go through the proxy that the environment may name for the outside.
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
};

function roundRobin(channels: readonly Channel[]): () => Channel {
  let turn = 0;
  return () => {
    for (let tries = 0; ; tries += 1) {
      turn = (turn + 1) % channels.length;
      const channel = channels[turn] as Channel;
      if (channels.length === 1 || tries === channels.length) return channel;
      // A name that does not resolve or answer is passed over while another one does.
      const state = channel.getChannel().getConnectivityState(false);
      if (state !== connectivityState.TRANSIENT_FAILURE) return channel;
    }
  };
}

/**
 * What a call holds until it is answered. It lets go of it then, because the engine does not let go of the
 * call: Node and grpc-js keep calls in Maps, and an old Map's table keeps what it held (open-by-id.ts).
 * For the same reason nothing that a call's functions can see may hold the request.
 */
interface Carried {
  bytes: Buffer | undefined;
  settle: Settle | undefined;
}

interface Settle {
  readonly resolve: (response: Message) => void;
  readonly reject: (error: unknown) => void;
}

interface Answer {
  message: Message | undefined;
}

function bytesOf({ bytes }: Carried): Buffer {
  assert(bytes, 'a call is sent before it is answered');
  return bytes;
}

function unary(pick: () => Channel, method: DescMethod) {
  const encode = encoder(method.input);
  const send = sender(pick, method);
  return (request: MessageLike, o: CallOptions): Promise<Message> => {
    const carried: Carried = { bytes: undefined, settle: undefined };
    const answered = new Promise<Message>((resolve, reject) => {
      carried.settle = { resolve, reject };
    });
    try {
      refuseInVain(o);
      carried.bytes = encode(request);
      send(carried, o);
    } catch (error) {
      carried.settle?.reject(error);
    }
    return answered;
  };
}

function sender(pick: () => Channel, method: DescMethod) {
  const path = methodPath(method);
  const decode = decoder(method.output);
  const meter = new CallMeter('client', path);
  const answerOf = (bytes: Buffer): Answer => ({ message: decode(bytes) });
  return (carried: Carried, { signal, deadlineMs: deadline, ...o }: CallOptions): void => {
    const span = beginCall(path, o.span);
    const metadata = tracedHeaders(o.metadata, span);
    const startMs = performance.now();
    const done = (error: ServiceError | null, answer: Answer | undefined) => {
      const { settle } = carried;
      const message = answer?.message;
      carried.bytes = undefined;
      carried.settle = undefined;
      if (answer) answer.message = undefined;
      signal?.removeEventListener('abort', cancel);
      meter.ended(startMs, error?.code ?? status.OK);
      const failed = error === null ? undefined : failure(error, signal);
      endClientCall(span, failed);
      if (failed) settle?.reject(failed);
      else settle?.resolve(message as Message);
    };
    const until = { deadline };
    const call = pick().makeUnaryRequest(path, bytesOf, answerOf, carried, metadata, until, done);
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  };
}

function stream(pick: () => Channel, method: DescMethod) {
  const path = methodPath(method);
  const encode = encoder(method.input);
  const decode = decoder(method.output);
  return async function* (request: MessageLike, o: CallOptions): AsyncIterable<Message> {
    refuseInVain(o);
    const { signal, deadlineMs: deadline } = o;
    const bytes = encode(request);
    const span = beginCall(path, o.span);
    const metadata = tracedHeaders(o.metadata, span);
    const call = pick().makeServerStreamRequest(path, alreadyEncoded, decode, bytes, metadata, {
      deadline,
    });
    // What arrives after the consumer has left is the echo of our own cancelling.
    call.on('error', () => {});
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      for await (const message of call) yield message as Message;
    } catch (error) {
      const failed = failure(error as ServiceError, signal);
      endClientCall(span, failed);
      throw failed;
    } finally {
      // Ended already when it failed; a consumer that leaves has had what it wanted.
      endClientCall(span, undefined);
      signal?.removeEventListener('abort', cancel);
      call.cancel();
    }
  };
}

/**
 * A call that is cancelled without our doing, or whose stream was reset, was cut with its connection. Its
 * outcome is as unknown as that of any other lost answer, and callers get the same code for it.
 */
function failure(error: ServiceError, signal: AbortSignal | undefined): RpcError {
  const failed = fromServiceError(error);
  const { code, reason, message } = failed;
  const cut = code === status.CANCELLED || (code === status.INTERNAL && STREAM_RESET.test(message));
  if (!cut || reason !== '' || signal?.aborted) return failed;
  return new RpcError({ code: status.UNAVAILABLE, reason: '', message, cause: error });
}

/** What grpc-js says of a stream that the other side, or the connection's end, has reset. */
const STREAM_RESET = /Received RST_STREAM with code \d+/;

/** Nothing is sent for a caller that no longer waits. */
function refuseInVain(o: CallOptions): void {
  if (o.signal?.aborted) {
    throw new RpcError({ code: status.CANCELLED, reason: '', message: 'aborted by the caller' });
  }
  if (!(o.deadlineMs > Date.now())) throw deadlineExceeded();
}
