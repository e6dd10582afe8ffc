// Places where a process can be told to die (CRASH_AT) or to freeze (PAUSE_AT), so that a test
// can put a crash between any two steps. Free unless armed: one comparison per pass.
//
// Invariant: the table below is the whole list. A name that is not in it does not compile, and a
// name that no story of test/crash/ reaches fails there.

import { writeSync } from 'node:fs';
import type { Log } from './log.js';

/** What is true when a process dies at the point. Names: the stage, a dot, the moment. */
export const CRASH_POINTS = {
  'gate.before': 'a reserve was decoded; neither Redis nor MySQL has heard of it',
  'gate.after': 'Redis has taken the units; MySQL has not heard of it',
  'settle.begin': 'the transaction of a batch of reserves is open and empty',
  'settle.locked': 'it holds the stock rows of its SKUs',
  'settle.inserted': 'its reservations are written, its stock is not',
  'settle.before-commit': 'all of it is written; COMMIT was not sent',
  'settle.after-commit': 'the reserves are committed; nobody was told',
  'reserve.before-ack': 'the answers of a reserve call are ready; none was sent',
  'close.before-commit': 'a batch of closings is written; COMMIT was not sent',
  'close.after-commit': 'the closings are committed; no refund has begun, nobody was told',
  'refund.before': 'MySQL has given units back; Redis has not heard of it',
  'rebase.bumped': 'MySQL has a new epoch; the earlier grants are not read',
  'rebase.before-install': 'they are read; Redis has not heard of the new epoch',
  'rebase.after-install': 'Redis has the new epoch; nobody was told',
  'rebase.fill': 'Redis has the new epoch and some pages of the earlier grants',
  'restock.before-commit': 'a restock is written; COMMIT was not sent',
  'restock.after-commit': 'the restock is committed; Redis has not heard of it',
  'check-back.claimed': 'ended holds are claimed; the order service was not asked',
  'check-back.asked': 'the order service has answered; no hold is closed',
  'check-back.mid': 'one of the holds is closed; others may not be',
  'spread.first-held': 'the first part of a request over several partitions is held',
  'spread.before-last': 'all parts but the last are held',
  'spread.barred': 'the last part is barred; the other parts are still held',
  'create.before-reserve': 'an order is priced; inventory has not heard of it',
  'create.after-reserve': 'its units are reserved; the order is not written',
  'create.after-commit': 'the order is committed, its payment intended; nobody was told',
  'create.after-intend': 'its payment is intended; the order is not written',
  'create.before-ack': 'nothing is left to be done but to tell the caller',
  'commit.before-commit': 'a batch of orders is written; COMMIT was not sent',
  'cancel.barred': 'the payment of an order is barred; the order is not changed',
  'change.before-commit': 'a batch of order changes is written; COMMIT was not sent',
  'change.after-commit': 'the changes are committed; no effect is delivered, nobody was told',
  'expire.claimed': 'unpaid orders are claimed; no payment is barred',
  'expire.barred': 'the payment of one of them is barred; the order is not changed',
  'outbox.delivered': 'an effect has happened right after its commit; its event is still stored',
  'outbox.claimed': 'stored events are claimed; no handler has heard of them',
  'outbox.relayed': 'a handler is done with claimed events; they are still stored',
} as const;

export type CrashPointName = keyof typeof CRASH_POINTS;

/** `name` or `name:nth`: what to do happens when the point is passed for the nth time. */
export interface CrashPlan {
  readonly name: CrashPointName;
  readonly nth: number;
}

/** For counting by hand; a run that passes a point more often tests nothing new. */
const NTH_MAX = 1_000_000;

/** Undefined for a name that is not in the table, or a count that is none. */
export function parseCrashPlan(text: string): CrashPlan | undefined {
  const [name = '', nth = '1', ...more] = text.split(':');
  const count = Number(nth);
  const counted = /^[0-9]{1,7}$/.test(nth) && count >= 1 && count <= NTH_MAX;
  return isCrashPoint(name) && counted && more.length === 0 ? { name, nth: count } : undefined;
}

let armed: ((name: CrashPointName) => void) | undefined;

/** Does nothing, unless this very point was chosen when the process started. */
export function crashPoint(name: CrashPointName): void {
  if (armed !== undefined) armed(name);
}

type End = (signal: 'SIGKILL' | 'SIGSTOP', name: CrashPointName) => void;

/** Called once, at start. `end` is for tests that want to survive. */
export function armCrashPoints(
  o: {
    crashAt?: CrashPlan | undefined;
    pauseAt?: CrashPlan | undefined;
    log: Pick<Log, 'warn'>;
  },
  end: End = endSelf,
): void {
  const { crashAt, pauseAt } = o;
  const traps = [
    ...(crashAt === undefined ? [] : [trap(crashAt, () => end('SIGKILL', crashAt.name))]),
    ...(pauseAt === undefined ? [] : [trap(pauseAt, () => end('SIGSTOP', pauseAt.name))]),
  ];
  armed = undefined;
  if (traps.length === 0) return;
  o.log.warn({ crashAt, pauseAt }, 'this process will kill or stop itself: it is under test');
  armed = (name) => {
    for (const spring of traps) spring(name);
  };
}

function trap(plan: CrashPlan, spring: () => void): (name: CrashPointName) => void {
  let passes = 0;
  return (name) => {
    if (name !== plan.name) return;
    passes += 1;
    if (passes === plan.nth) spring();
  };
}

// Said before the signal, and past the log, which might not get its turn any more.
function endSelf(signal: 'SIGKILL' | 'SIGSTOP', name: CrashPointName): void {
  writeSync(2, `${JSON.stringify({ msg: 'crash point', point: name, pid: process.pid })}\n`);
  process.kill(process.pid, signal);
}

function isCrashPoint(name: string): name is CrashPointName {
  return Object.hasOwn(CRASH_POINTS, name);
}
