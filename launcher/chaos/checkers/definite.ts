// I9 Definite means definite. A request whose last word was a refusal has nothing: no live row at the
// end, and if no attempt of it went unanswered, no unit ever moved for it. An attempt that its caller
// has given up may still arrive, and take units until its hold ends: that is what holds are for.

import type { Evidence, Violation } from '../evidence.js';
import type { Attempt } from '../history.js';

interface Told {
  granted: boolean;
  /** The refusal that was asked for last. */
  refusal: Attempt | undefined;
  /** When the last attempt with an open outcome was over; 0: there was none. */
  openUntilMs: number;
}

export function checkDefinite({ attempts, end }: Evidence): Violation[] {
  const told = new Map<string, Told>();
  for (const attempt of attempts) if (attempt.verb === 'reserve') hear(told, attempt);
  const live = new Map<string, string>();
  for (const row of end.reservations) {
    if (row.state === 'RESERVED' || row.state === 'CONFIRMED') live.set(row.id, row.state);
  }
  const moved = new Set(
    end.ledger.filter((entry) => entry.reason === 'RESERVE').map((entry) => entry.causeId),
  );
  const found: Violation[] = [];
  for (const [id, { granted, refusal, openUntilMs }] of told) {
    if (granted || refusal === undefined || refusal.startMs < openUntilMs) continue;
    const word = `#${refusal.n} was refused ${refusal.outcome}`;
    const state = live.get(id);
    if (state !== undefined) found.push(broken(id, `${word}, but its row is ${state}`));
    // CLOSED says itself that there was a reservation; several parts are undone one by one.
    const whole = refusal.lines.length === 1 && refusal.outcome !== 'CLOSED';
    if (whole && openUntilMs === 0 && moved.has(id))
      found.push(broken(id, `${word}, but units were taken for it`));
  }
  return found;
}

function hear(told: Map<string, Told>, attempt: Attempt): void {
  const known = told.get(attempt.id) ?? { granted: false, refusal: undefined, openUntilMs: 0 };
  if (attempt.type === 'ok') known.granted = true;
  else if (attempt.type !== 'fail') known.openUntilMs = Math.max(known.openUntilMs, attempt.endMs);
  else if (known.refusal === undefined || attempt.startMs > known.refusal.startMs) {
    known.refusal = attempt;
  }
  told.set(attempt.id, known);
}

function broken(subject: string, detail: string): Violation {
  return { invariant: 'I9', subject, detail };
}
