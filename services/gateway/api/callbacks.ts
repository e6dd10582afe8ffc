// POST /callbacks/<provider>: a payment provider's event, handed on raw as it came, because its
// signature covers the bytes. The answer tells the provider one thing: done, never again, or later.
// Whatever this process cannot judge is "later": an event is sent again, money is not lost.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { status } from '@grpc/grpc-js';
import type { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { Admission } from '../../platform/rpc/admission.js';
import type { Client } from '../../platform/rpc/client.js';
import type { RpcError } from '../../platform/rpc/errors.js';
import { endHttp, httpServerAttributes } from '../../platform/telemetry/http-span.js';
import { type Span, TRACEPARENT } from '../../platform/telemetry/trace-context.js';
import { Entrance } from '../../platform/telemetry/trace-sampler.js';
import { retryAfterSeconds, tellable } from './connect-errors.js';
import { readBody } from './read-body.js';
import { methodNotAllowed, notFound, type Reply, send, tooLarge, tryLater } from './reply.js';

export interface CallbackLimits {
  bytesMax: number;
  inFlightMax: number;
  deadlineMs: number;
}

export interface CallbackOptions {
  payments: Pick<Client<typeof PaymentService>, 'handleProviderEvent'>;
  limits: CallbackLimits;
  clock: Clock;
  log: Log;
}

const PATH = /^\/callbacks\/([a-z0-9_]{1,32})$/;
/** Where a provider that has no header of our choice puts its signature. */
const SIGNATURE_HEADERS = new Map([['stripe', 'stripe-signature']]);
const SIGNATURE_HEADER = 'spillway-signature';
const RETRY_AFTER_SECONDS = 1;

export type CallbackHandler = (req: IncomingMessage, res: ServerResponse) => void;

const entrance = new Entrance('POST /callbacks/{provider}', {
  kind: 'SERVER',
  attributes: httpServerAttributes('POST', '/callbacks/{provider}'),
  strangers: true,
});

export function callbackHandler(o: CallbackOptions): CallbackHandler {
  const inFlight = new Admission(o.limits.inFlightMax);
  inFlight.meter('callback');
  const guarded = async (req: IncomingMessage, span: Span | undefined): Promise<Reply> => {
    if (!inFlight.enter()) return tryLater(RETRY_AFTER_SECONDS);
    try {
      return await handle(o, req, span);
    } finally {
      inFlight.leave();
    }
  };
  return (req, res) => {
    const startMs = o.clock.nowMs();
    const span = entrance.begin(headerOf(req, TRACEPARENT), startMs);
    guarded(req, span)
      .catch((error: unknown) => refused(tellable(error, o.log)))
      .then((reply) => {
        send(res, reply);
        const faulty = reply.status >= 500;
        endHttp(span ?? entrance.tell(faulty, startMs, o.clock.nowMs()), reply.status);
      })
      .catch((error: unknown) => o.log.error({ err: error }, 'callback not answered'));
  };
}

async function handle(
  o: CallbackOptions,
  req: IncomingMessage,
  span: Span | undefined,
): Promise<Reply> {
  const provider = PATH.exec(req.url ?? '')?.[1];
  if (provider === undefined) return notFound();
  if (req.method !== 'POST') return methodNotAllowed('POST');
  const body = await readBody(req, o.limits.bytesMax);
  if (body.outcome === 'TOO_LARGE') return tooLarge(o.limits.bytesMax);
  // Nobody is left to read this answer.
  if (body.outcome === 'BROKEN') return { status: 400, body: { error: 'body_incomplete' } };
  const signature = headerOf(req, SIGNATURE_HEADERS.get(provider) ?? SIGNATURE_HEADER) ?? '';
  const answer = await o.payments.handleProviderEvent(
    { provider, signature, body: body.bytes },
    { deadlineMs: o.clock.nowMs() + o.limits.deadlineMs, span },
  );
  return { status: 200, body: { taken: true, duplicate: answer.duplicate } };
}

/** A sender sends it once. Of two, Node would make one, and nobody could say which was meant. */
function headerOf(req: IncomingMessage, name: string): string | undefined {
  const values = req.headersDistinct[name] ?? [];
  return values.length === 1 ? values[0] : undefined;
}

function refused(error: RpcError): Reply {
  switch (error.code) {
    case status.PERMISSION_DENIED:
      return { status: 403, body: { error: error.reason } };
    case status.NOT_FOUND:
      return { status: 404, body: { error: error.reason } };
    case status.INVALID_ARGUMENT:
      return { status: 400, body: { error: error.reason, message: error.message } };
    default:
      return tryLater(retryAfterSeconds(error) ?? RETRY_AFTER_SECONDS);
  }
}
