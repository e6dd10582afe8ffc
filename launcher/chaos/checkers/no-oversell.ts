// I1 No oversell. Seen twice: in every sample of the rows, and from the answers alone, without
// believing the database. A granted unit is certainly taken from its answer until its hold may have
// ended, until somebody asks to release it, or for ever once it is confirmed. At no instant may more
// units be certainly taken than there can be at most.

import type { Evidence, Violation } from '../evidence.js';
import type { Attempt } from '../history.js';

/** The hold counts from the commit, which is later than the call's start; this is for rounding. */
const ROUNDING_MS = 5;

interface Step {
  readonly atMs: number;
  readonly units: number;
}

export function checkNoOversell(evidence: Evidence): Violation[] {
  return [...sampled(evidence), ...evidence.skuIds.flatMap((skuId) => promised(evidence, skuId))];
}

function sampled({ samples }: Evidence): Violation[] {
  return samples
    .filter((s) => s.available < 0 || s.reserved < 0 || s.sold < 0 || s.reserved + s.sold > s.total)
    .map((s) => ({
      invariant: 'I1',
      subject: s.skuId,
      detail:
        `at ${s.atMs.toFixed(0)} ms: ${s.available} available, ${s.reserved} reserved, ` +
        `${s.sold} sold of ${s.total}`,
    }));
}

/** Walks through time once, adding what is certainly taken and what is possibly there. */
function promised(evidence: Evidence, skuId: string): Violation[] {
  const taken = certainlyTaken(evidence, skuId).map((step) => ({ ...step, room: 0 }));
  const rooms = possibleUnits(evidence, skuId).map(({ atMs, units }) => ({
    atMs,
    units: 0,
    room: units,
  }));
  // In doubt about order, first what makes room: only certain oversell counts.
  const steps = [...taken, ...rooms].sort(
    (a, b) => a.atMs - b.atMs || a.units - a.room - (b.units - b.room),
  );
  let units = 0;
  let room = 0;
  let worst: { atMs: number; units: number; room: number } | undefined;
  for (const step of steps) {
    units += step.units;
    room += step.room;
    const excess = units - room;
    if (excess > 0 && excess > (worst === undefined ? 0 : worst.units - worst.room)) {
      worst = { atMs: step.atMs, units, room };
    }
  }
  if (worst === undefined) return [];
  const { atMs } = worst;
  const detail = `at ${atMs.toFixed(0)} ms ${worst.units} units were promised of ${worst.room}`;
  return [{ invariant: 'I1', subject: skuId, detail }];
}

function certainlyTaken({ attempts, holdMs }: Evidence, skuId: string): Step[] {
  const grants = new Map<string, { firstMs: number; ackMs: number; units: number }>();
  const endings = new Map<string, { releaseMs: number; confirmed: boolean }>();
  for (const attempt of attempts) {
    const units = unitsOf(attempt, skuId);
    if (units === 0) continue;
    if (attempt.verb === 'reserve') addGrant(grants, attempt, units);
    else if (attempt.verb !== 'restock') addEnding(endings, attempt);
  }
  return [...grants].flatMap(([id, grant]) => {
    if (grant.ackMs === Number.POSITIVE_INFINITY) return [];
    const ending = endings.get(id);
    const heldUntilMs = grant.firstMs + holdMs - ROUNDING_MS;
    const untilMs = Math.min(heldUntilMs, ending?.releaseMs ?? Number.POSITIVE_INFINITY);
    const start = { atMs: grant.ackMs, units: grant.units };
    if (ending?.confirmed === true) return [start];
    return untilMs > grant.ackMs ? [start, { atMs: untilMs, units: -grant.units }] : [];
  });
}

function addGrant(
  grants: Map<string, { firstMs: number; ackMs: number; units: number }>,
  attempt: Attempt,
  units: number,
): void {
  const grant = grants.get(attempt.id);
  const ackMs = attempt.type === 'ok' ? attempt.endMs : Number.POSITIVE_INFINITY;
  if (grant === undefined) {
    grants.set(attempt.id, { firstMs: attempt.startMs, ackMs, units });
    return;
  }
  grant.firstMs = Math.min(grant.firstMs, attempt.startMs);
  grant.ackMs = Math.min(grant.ackMs, ackMs);
}

function addEnding(
  endings: Map<string, { releaseMs: number; confirmed: boolean }>,
  attempt: Attempt,
): void {
  const ending = endings.get(attempt.id) ?? {
    releaseMs: Number.POSITIVE_INFINITY,
    confirmed: false,
  };
  if (attempt.verb === 'release') {
    ending.releaseMs = Math.min(ending.releaseMs, attempt.startMs);
  } else if (attempt.type === 'ok') {
    ending.confirmed = true;
  }
  endings.set(attempt.id, ending);
}

/** Units that may be there: added from the first try on, taken off once that is certain. */
function possibleUnits({ attempts }: Evidence, skuId: string): Step[] {
  const changes = new Map<
    string,
    { startMs: number; okMs: number; delta: number; open: boolean }
  >();
  for (const attempt of attempts) {
    if (attempt.verb !== 'restock' || attempt.lines[0]?.skuId !== skuId) continue;
    const change = changes.get(attempt.id) ?? {
      startMs: attempt.startMs,
      okMs: Number.POSITIVE_INFINITY,
      delta: attempt.lines[0].quantity,
      open: false,
    };
    if (attempt.type !== 'fail') change.open = true;
    if (attempt.type === 'ok') change.okMs = Math.min(change.okMs, attempt.endMs);
    changes.set(attempt.id, change);
  }
  return [...changes.values()].flatMap((change) => {
    if (!change.open) return [];
    const atMs = change.delta > 0 ? change.startMs : change.okMs;
    return atMs === Number.POSITIVE_INFINITY ? [] : [{ atMs, units: change.delta }];
  });
}

function unitsOf(attempt: Attempt, skuId: string): number {
  return attempt.lines.reduce((sum, l) => sum + (l.skuId === skuId ? l.quantity : 0), 0);
}
