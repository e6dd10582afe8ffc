// The provider's JSON: what it accepts, and how it shows a charge.

import { z } from 'zod';
import { type Answer, refusal } from './answer.js';
import { faultPlanSchema } from './fault-rules.js';
import type { Faults } from './faults.js';
import { METHOD_NAMES } from './methods.js';
import type { Charge } from './records.js';

/** Printable ASCII without markup: references appear on the buyer's page. */
const reference = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/);

const amount = z.object({
  currency: z.string().regex(/^[A-Z]{3}$/),
  amount_minor: z.int().min(0).max(1e15),
});

export const keySchema = z.string().regex(/^[!-~]{1,128}$/);

export const chargeSchema = z.object({
  amount,
  reference,
  method: z.enum(METHOD_NAMES),
  callback_url: z.url({ protocol: /^http$/ }).max(2_048),
});

export const refundSchema = z.object({
  charge: z.string().regex(/^[A-Za-z0-9_]{1,64}$/),
  amount: amount.extend({ amount_minor: z.int().min(1).max(1e15) }),
});

export function chargeJson(charge: Charge, seen: Charge['first']) {
  const { number, reference, amount, key } = charge;
  return { number, ...seen, reference, amount, idempotency_key: key };
}

export function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const field = issue?.path.join('.') ?? '';
  return `${field === '' ? 'body' : field}: ${issue?.message ?? 'is not valid'}`;
}

export function commandFaults(faults: Faults, body: unknown): Answer {
  const parsed = faultPlanSchema.safeParse(body);
  if (!parsed.success) return refusal(400, problemOf(parsed.error));
  faults.command(parsed.data);
  return { status: 200, body: faults.report() };
}
