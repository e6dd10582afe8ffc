// Passes public calls on to the mesh, whatever protocol they came in by. Nothing here knows a
// message: a method is forwarded because the table of public methods lists it, and for no other
// reason. No header of the caller is passed on; only its deadline is, shortened to ours.
import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
  type ServiceImpl,
} from '@connectrpc/connect';
import { status } from '@grpc/grpc-js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { Admission } from '../../platform/rpc/admission.js';
import { type CallFailure, CallTrace } from '../../platform/rpc/call-trace.js';
import type { Client } from '../../platform/rpc/client.js';
import { methodPath } from '../../platform/rpc/definition.js';
import { overloaded, RpcError } from '../../platform/rpc/errors.js';
import { type Span, TRACEPARENT } from '../../platform/telemetry/trace-context.js';
import { toConnectError } from './connect-errors.js';
import { allowed } from './public-methods.js';

export interface ForwardLimits {
  /** A unary call without a deadline of its own. */
  deadlineMsDefault: number;
  /** No unary call may take longer, whatever its caller asks for. */
  deadlineMsMax: number;
  /** A stream ends after this; its caller opens it anew and misses nothing, for each opens with the
   * present state. */
  streamMsMax: number;
  callsMax: number;
  streamsMax: number;
}

interface CallOptions {
  deadlineMs: number;
  signal?: AbortSignal;
  span?: Span | undefined;
}

/** A client of the mesh without its types: forwarding is the same for every message. */
export interface MeshService {
  service: DescService;
  unary(method: string, request: Message, o: CallOptions): Promise<Message>;
  stream(method: string, request: Message, o: CallOptions): AsyncIterable<Message>;
}

type UntypedClient = Record<
  string,
  (request: Message, o: CallOptions) => Promise<Message> & AsyncIterable<Message>
>;

export function meshService<S extends DescService>(service: S, client: Client<S>): MeshService {
  const methods = client as unknown as UntypedClient;
  const method = (name: string) => {
    const call = methods[name];
    if (!call) throw new Error(`no client method ${service.typeName}/${name}`);
    return call;
  };
  return {
    service,
    unary: (name, request, o) => method(name)(request, o),
    stream: (name, request, o) => method(name)(request, o),
  };
}

export interface ForwardOptions {
  mesh: readonly MeshService[];
  limits: ForwardLimits;
  clock: Clock;
  log: Log;
}

/** Throws for what strangers may not call, before its body is read. */
export function requestGate(log: Log): (ctx: HandlerContext) => void {
  return (ctx) => {
    if (allowed(ctx.method)) return;
    const path = `${ctx.service.typeName}/${ctx.method.name}`;
    const refusal = new RpcError({
      code: status.PERMISSION_DENIED,
      reason: 'METHOD_NOT_PUBLIC',
      message: `${path} is not offered here`,
    });
    throw toConnectError(refusal, log);
  };
}

export function forwardingRoutes(o: ForwardOptions): (router: ConnectRouter) => void {
  const calls = new Admission(o.limits.callsMax);
  const streams = new Admission(o.limits.streamsMax);
  calls.meter('unary');
  streams.meter('stream');
  return (router) => {
    for (const target of o.mesh) {
      const handlers: Record<string, unknown> = {};
      for (const method of target.service.methods) {
        if (!allowed(method)) continue;
        handlers[method.localName] =
          method.methodKind === 'unary'
            ? unaryHandler(o, target, method, calls)
            : streamHandler(o, target, method, streams);
      }
      router.service(target.service, handlers as Partial<ServiceImpl<DescService>>);
    }
  };
}

// How soon a caller that found no room may try again: a few batches later.
const OVERLOAD_RETRY_MS = 500;

/**
 * A unary call is not cancelled when its caller leaves: it would leave the outcome unknown, and the
 * caller's retry under the same id wants it known. Its deadline bounds it.
 */
function unaryHandler(
  o: ForwardOptions,
  target: MeshService,
  method: DescMethod,
  calls: Admission,
) {
  const { deadlineMsDefault, deadlineMsMax } = o.limits;
  const trace = new CallTrace(methodPath(method), EDGE);
  return async (request: Message, ctx: HandlerContext): Promise<Message> => {
    if (!calls.enter()) throw toConnectError(overloaded(OVERLOAD_RETRY_MS), o.log);
    const startMs = o.clock.nowMs();
    const span = trace.beginFrom(ctx.requestHeader.get(TRACEPARENT) ?? undefined, startMs);
    try {
      const budgetMs = Math.min(ctx.timeoutMs() ?? deadlineMsDefault, deadlineMsMax);
      const deadlineMs = startMs + budgetMs;
      const answer = await target.unary(method.localName, request, { deadlineMs, span });
      trace.end(span, startMs, undefined, [request, answer]);
      return answer;
    } catch (error) {
      trace.end(span, startMs, failureOf(error), [request]);
      throw toConnectError(error, o.log);
    } finally {
      calls.leave();
    }
  };
}

function streamHandler(
  o: ForwardOptions,
  target: MeshService,
  { localName: name }: DescMethod,
  streams: Admission,
) {
  const { streamMsMax } = o.limits;
  return async function* (request: Message, ctx: HandlerContext): AsyncIterable<Message> {
    if (!streams.enter()) throw toConnectError(overloaded(OVERLOAD_RETRY_MS), o.log);
    try {
      const budgetMs = Math.min(ctx.timeoutMs() ?? streamMsMax, streamMsMax);
      const deadlineMs = o.clock.nowMs() + budgetMs;
      yield* target.stream(name, request, { deadlineMs, signal: ctx.signal });
    } catch (error) {
      throw ctx.signal.aborted ? abortedBy(ctx.signal) : toConnectError(error, o.log);
    } finally {
      streams.leave();
    }
  };
}

const EDGE = { system: 'connectrpc', strangers: true } as const;

function failureOf(error: unknown): CallFailure {
  if (!(error instanceof RpcError)) return { code: status.INTERNAL, reason: undefined };
  return { code: error.code, reason: error.reason };
}

/** A stream ends early because its caller left, its deadline passed, or this process stops. */
function abortedBy(signal: AbortSignal): ConnectError {
  const reason: unknown = signal.reason;
  return reason instanceof ConnectError
    ? reason
    : new ConnectError('the caller left', Code.Canceled);
}
