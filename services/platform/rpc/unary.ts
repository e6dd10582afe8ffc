// One unary method: deadline, admission, validation, handler, answer, in this order, each at most
// once per call. A slot of admission is held until the handler is done, also when the caller has
// left, because it is the handler that takes the machine's time.
import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { handleUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Log } from '../log.js';
import type { Admission } from './admission.js';
import {
  type CallContext,
  callerDeadlineMs,
  type DeadlineLimits,
  effectiveDeadlineMs,
  LiveCall,
} from './call-context.js';
import { callIds } from './call-ids.js';
import { CallTrace } from './call-trace.js';
import { encoder, type MessageLike, methodPath } from './definition.js';
import { deadlineExceeded, overloaded, reasonOf, toServiceError } from './errors.js';
import { type Pulse, SIFT_MS } from './pulse.js';
import { requestCheck } from './validate.js';

export type UnaryHandler = (request: Message, ctx: CallContext) => Promise<MessageLike>;

export interface UnaryMethod {
  method: DescMethod;
  handler: UnaryHandler;
  /** Absent for methods that must get through an overload, such as those that end one. */
  admission: Admission | undefined;
  limits: DeadlineLimits;
  pulse: Pulse;
  log: Log;
}

// How long callers stay away from a full server: some tens of calls' time.
export const OVERLOAD_RETRY_MS = 100;

export const TOO_LATE = toServiceError(deadlineExceeded());
export const FULL = toServiceError(overloaded(OVERLOAD_RETRY_MS));

export function unaryCall(o: UnaryMethod): handleUnaryCall<Message, Buffer> {
  const check = requestCheck(o.method.input);
  const encode = encoder(o.method.output);
  const trace = new CallTrace(methodPath(o.method));

  async function answer(request: Message, ctx: LiveCall, reply: sendUnaryData<Buffer>) {
    const startMs = Date.now();
    try {
      const refusal = check(request);
      if (refusal) throw refusal;
      const response = await o.handler(request, ctx);
      const bytes = encode(response);
      reply(null, bytes);
      trace.end(ctx.span, startMs, undefined, [request, response]);
    } catch (error) {
      const failure = toServiceError(error, o.log, () => callIds(request, ctx.span));
      reply(failure);
      const { code } = failure;
      trace.end(ctx.span, startMs, { code, reason: reasonOf(error) }, [request]);
    } finally {
      o.admission?.leave();
    }
  }

  const begin: handleUnaryCall<Message, Buffer> = (call, reply) => {
    const nowMs = Date.now();
    const callerMs = callerDeadlineMs(call);
    const deadlineMs = effectiveDeadlineMs(callerMs, o.limits, nowMs);
    if (deadlineMs <= nowMs) return reply(TOO_LATE);
    if (o.admission && !o.admission.enter()) return reply(FULL);
    const ctx = new LiveCall(call, deadlineMs, trace.begin(call, nowMs));
    // grpc-js watches over the caller's own deadline; a timer of ours is needed only below it.
    const once = deadlineMs < callerMs ? replyInTime(ctx, reply, deadlineMs - nowMs) : reply;
    void answer(call.request, ctx, once);
  };

  return (call, reply) => {
    if (!o.pulse.sifting(Date.now())) return begin(call, reply);
    setTimeout(() => {
      if (call.cancelled) reply(TOO_LATE);
      else begin(call, reply);
    }, SIFT_MS);
  };
}

function replyInTime(
  ctx: LiveCall,
  reply: sendUnaryData<Buffer>,
  leftMs: number,
): sendUnaryData<Buffer> {
  let open = true;
  const timer = setTimeout(() => {
    open = false;
    reply(TOO_LATE);
    ctx.abort();
  }, leftMs);
  return (error, value) => {
    clearTimeout(timer);
    if (open) reply(error, value);
  };
}
