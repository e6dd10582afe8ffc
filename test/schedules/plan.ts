// What happens in one schedule: who asks for what and how often, how the provider behaves, and which
// calls get lost. In which order the steps interleave is not in it: the scheduler decides.

import fc from 'fast-check';
import { FATES, type Fate } from './provider.js';

/** A call is lost before it arrives, or its answer is. A write that is lost after is a crash. */
export type Fault = 'NONE' | 'BEFORE' | 'AFTER';

interface Asked {
  /** Of the same request. */
  readonly copies: number;
  /** How often it is asked again while the order is not there yet. */
  readonly tries: number;
}

export interface Plan {
  readonly pays: readonly Asked[];
  readonly cancels: readonly (Asked & { readonly operator: 'user' | 'operator' })[];
  /** Of an amount, as a percentage of what the order costs. */
  readonly refunds: readonly (Asked & { readonly percent: number })[];
  readonly lineRefunds: readonly (Asked & { readonly line: number; readonly quantity: number })[];
  readonly ships: readonly Asked[];
  /** The deadline passes in the middle of it, and so often it is then looked for. */
  readonly expires: number;
  /** The provider is asked for what became of its charges. */
  readonly looks: number;
  /** How often whoever delivers what was left to be told looks for it meanwhile. */
  readonly relays: number;
  /** Of each delivery: an outbox delivers at least once. */
  readonly deliveries: readonly number[];
  readonly fates: readonly Fate[];
  /** Of each callback. */
  readonly callbacks: readonly number[];
  readonly faults: readonly Fault[];
}

const copies = fc.integer({ min: 1, max: 2 });
const tries = fc.integer({ min: 1, max: 12 });
// Most orders are paid before somebody thinks better of it, or the races about captured money are rare.
const few = <T>(of: fc.Arbitrary<T>) => fc.oneof(fc.constant([]), fc.array(of, { maxLength: 2 }));
const often = fc.integer({ min: 6, max: 30 });

export const plans: fc.Arbitrary<Plan> = fc.record({
  pays: fc.array(fc.record({ copies, tries: often }), { minLength: 1, maxLength: 2 }),
  cancels: few(fc.record({ copies, tries, operator: fc.constantFrom('user', 'operator') })),
  refunds: few(fc.record({ copies, tries: often, percent: fc.constantFrom(1, 30, 60, 100) })),
  lineRefunds: fc.array(
    fc.record({
      copies,
      tries: often,
      line: fc.nat({ max: 1 }),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 3 },
  ),
  ships: fc.array(fc.record({ copies, tries: often }), { maxLength: 1 }),
  expires: fc.constantFrom(0, 0, 1, 2),
  looks: fc.nat({ max: 2 }),
  relays: fc.integer({ min: 4, max: 30 }),
  deliveries: fc.array(copies, { maxLength: 8 }),
  fates: fc.array(fc.constantFrom<Fate[]>(...FATES, 'TURNS', 'TURNS'), { maxLength: 3 }),
  callbacks: fc.array(fc.nat({ max: 5 }), { maxLength: 4 }),
  faults: fc.array(fc.constantFrom<Fault[]>('NONE', 'NONE', 'NONE', 'BEFORE', 'AFTER'), {
    maxLength: 30,
  }),
});

/** Hands a list out one by one, then the default for ever. */
export function each<T>(list: readonly T[], otherwise: T): () => T {
  let at = 0;
  return () => list[at++] ?? otherwise;
}
