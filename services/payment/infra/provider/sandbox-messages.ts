// The sandbox provider's JSON: what it answers and what it calls back with. Everything is checked before
// it is believed, and translated into the words of the port.

import { z } from 'zod';
import type { Charge, EventReading } from '../../app/ports.js';

/** Printable ASCII: these go into ASCII columns and into logs. */
const name = (max: number) => z.string().regex(new RegExp(`^[!-~]{1,${max}}$`));

const money = z.object({
  currency: z.string().regex(/^[A-Z]{3}$/),
  amount_minor: z.int().min(0).max(1e15),
});

const charge = z.object({
  number: name(64),
  status: z.enum(['initialised', 'processing', 'succeeded', 'failed']),
  redirect_url: z.string().max(2_048),
  amount: money,
});

const refund = z.object({ number: name(64), status: z.literal('succeeded') });

const envelope = z.object({ id: name(80), type: name(48) });

const KINDS = ['charge.succeeded', 'charge.failed', 'refund.succeeded'] as const;

const event = z.object({
  id: name(80),
  type: z.enum(KINDS),
  /** Unix seconds. */
  created: z.int().min(0).max(1e11).optional(),
  data: z.object({
    number: name(64),
    reference: name(64),
    amount: money,
    idempotency_key: name(128),
  }),
});

const STATES = {
  initialised: 'INITIALISED',
  processing: 'PROCESSING',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
} as const;

export function readCharge(body: unknown): Charge | undefined {
  const parsed = charge.safeParse(body);
  if (!parsed.success) return undefined;
  const { number, status, redirect_url, amount } = parsed.data;
  return {
    number,
    state: STATES[status],
    redirectUrl: redirect_url,
    currency: amount.currency,
    amountMinor: BigInt(amount.amount_minor),
  };
}

export function readRefundNumber(body: unknown): string | undefined {
  return refund.safeParse(body).data?.number;
}

/** Reads a body whose signature holds. A kind that we do not know is nobody's fault. */
export function readEventBody(body: Uint8Array): EventReading {
  const json = parseJson(body);
  const head = envelope.safeParse(json);
  if (!head.success) return { outcome: 'FORGED', reason: 'not an event' };
  if (!KINDS.some((kind) => kind === head.data.type)) {
    return { outcome: 'IGNORED', kind: head.data.type };
  }
  const parsed = event.safeParse(json);
  if (!parsed.success) return { outcome: 'FORGED', reason: 'an event with missing parts' };
  const { id, type, created, data } = parsed.data;
  return {
    outcome: 'EVENT',
    event: {
      eventId: id,
      kind: type,
      number: data.number,
      reference: data.reference,
      key: data.idempotency_key,
      createdMs: created === undefined ? undefined : created * 1_000,
      currency: data.amount.currency,
      amountMinor: BigInt(data.amount.amount_minor),
    },
  };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
