// The commands that make the provider misbehave, as JSON. A rule hits by chance (`rate`, from the seed) or
// the `next` n times that it could, and may be narrowed to charges or refunds, a method, a reference.
//
//   duplicate   the callback is posted `copies` times more, all at once
//   reorder     the callback waits until a later one has been taken, `ms` at most
//   delay       the callback waits `ms`
//   lose        the callback is never posted, though the provider believes that it was
//   forge       a forged copy is posted as well: `how` says what is wrong with it
//   contradict  a charge that succeeds is told to have failed too, `when` before or after the truth
//   decline     a charge that would succeed fails
//   silence     the charge or refund is made, the call is never answered
//   outage      503, and nothing is made

import { z } from 'zod';
import { METHOD_NAMES } from './methods.js';

/** More rules than that are a mistake of whoever sends them. */
const RULES_MAX = 32;
const WAIT_MS_MAX = 600_000;

const narrowing = {
  rate: z.number().min(0).max(1).optional(),
  next: z.int().min(1).max(1_000_000).optional(),
  of: z.enum(['charge', 'refund']).optional(),
  method: z.enum(METHOD_NAMES).optional(),
  reference: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/)
    .optional(),
};

const fault = <N extends string, S extends z.core.$ZodLooseShape>(name: N, shape: S) =>
  z.strictObject({ fault: z.literal(name), ...narrowing, ...shape });

export const FORGERIES = [
  'signature',
  'body',
  'stale',
  'future',
  'amount',
  'currency',
  'reference',
  'success',
] as const;
export type Forgery = (typeof FORGERIES)[number];

const ruleSchema = z
  .discriminatedUnion('fault', [
    fault('duplicate', { copies: z.int().min(1).max(5).default(1) }),
    fault('reorder', { ms: z.int().min(1).max(WAIT_MS_MAX).default(1_000) }),
    fault('delay', { ms: z.int().min(1).max(WAIT_MS_MAX) }),
    fault('lose', {}),
    fault('forge', { how: z.enum(FORGERIES).default('signature') }),
    fault('contradict', { when: z.enum(['before', 'after']).default('after') }),
    fault('decline', {}),
    fault('silence', {}),
    fault('outage', {}),
  ])
  .refine((rule) => (rule.rate === undefined) !== (rule.next === undefined), {
    message: 'give either rate or next',
  });

export const faultPlanSchema = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  rules: z.array(ruleSchema).max(RULES_MAX),
});

export type FaultPlan = z.infer<typeof faultPlanSchema>;
export type FaultRule = z.infer<typeof ruleSchema>;
export type Fault = FaultRule['fault'];
export type RuleOf<F extends Fault> = Extract<FaultRule, { fault: F }>;
