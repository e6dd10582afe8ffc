// What a buyer may pay with. As at real sandboxes the method says how the charge goes, so that a test
// needs no command: it always goes the same way.

export interface Method {
  /** `refused` answers 402 at once and makes no charge; `failed` is declined after a while. */
  readonly ends: 'succeeded' | 'failed' | 'refused';
  /** Settles when the buyer opens the page. */
  readonly waits?: boolean;
  /** Settles this much later than others. */
  readonly laterMs?: number;
  /** What goes wrong with each charge, as if a rule said so. */
  readonly fault?: 'duplicate' | 'lose' | 'contradict' | 'silence';
}

export const METHODS = {
  card: { ends: 'succeeded' },
  card_declined: { ends: 'failed' },
  card_refused: { ends: 'refused' },
  card_redirect: { ends: 'succeeded', waits: true },
  card_slow: { ends: 'succeeded', laterMs: 5_000 },
  card_silent: { ends: 'succeeded', fault: 'silence' },
  card_lost: { ends: 'succeeded', fault: 'lose' },
  card_doubled: { ends: 'succeeded', fault: 'duplicate' },
  card_contradicted: { ends: 'succeeded', fault: 'contradict' },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof METHODS;

export const METHOD_NAMES = Object.keys(METHODS) as [MethodName, ...MethodName[]];

/** A journal of an earlier build may name a method that is gone: then it was a card. */
export function methodOf(name: string): Method {
  const known: Readonly<Record<string, Method>> = METHODS;
  return known[name] ?? METHODS.card;
}
