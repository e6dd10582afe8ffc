// Promise: a loser is refused only while a notice is certainly true, and a winner's retry never is.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { KnownIds } from '../../platform/known-ids.js';
import { SoldOutNotices } from './sold-out-notices.js';

type Step =
  | { notice: string[]; ageMs?: number }
  | { back: true }
  | { wait: number }
  | { granted: string }
  | { broken: true };

const sold: Step = { notice: ['winner'] };
const never = undefined;

test.each<[string, Step[], string, string | undefined]>([
  // what, what happened to the hat, who asks, for which SKU it is refused
  ['nothing was heard', [], 'loser', never],
  ['sold out: a loser is refused', [sold], 'loser', 'hat'],
  ['sold out: a retry of a granted request passes', [sold], 'winner', never],
  ['units came back', [sold, { back: true }], 'loser', never],
  ['and were sold again', [sold, { back: true }, { notice: ['winner', 'next'] }], 'loser', 'hat'],
  ['to somebody who asks again', [sold, { back: true }, { notice: ['next'] }], 'next', never],
  ['no heartbeat for a second', [sold, { wait: 1_000 }], 'loser', never],
  ['a moment earlier', [sold, { wait: 999 }], 'loser', 'hat'],
  ['heartbeats', [sold, { wait: 600 }, sold, { wait: 600 }], 'loser', 'hat'],
  ['a notice counts from its look', [{ notice: [], ageMs: 700 }, { wait: 300 }], 'loser', never],
  ['a notice that was long on the way', [{ notice: [], ageMs: 1_000 }], 'loser', never],
  ['an old one that overtakes nothing', [sold, { notice: [], ageMs: 5_000 }], 'loser', never],
  ['a notice from the future', [{ notice: [], ageMs: -9_000 }, { wait: 1_000 }], 'loser', never],
  ['the stream broke', [sold, { broken: true }], 'loser', never],
  ['this process saw a later grant', [sold, { granted: 'new' }], 'new', never],
  ['which makes the notice void', [sold, { granted: 'new' }], 'loser', never],
  ['and an older look', [{ granted: 'new' }, { wait: 9 }, { notice: [], ageMs: 10 }], 'new', never],
  ['until a later look', [sold, { granted: 'new' }, { wait: 2 }, sold], 'loser', 'hat'],
  ['a retry that was known leaves it', [sold, { granted: 'winner' }], 'loser', 'hat'],
])('%s', async (_, steps, who, refused) => {
  const { notices, play } = open();
  await play(steps);
  expect(notices.refuses(who, ['hat'])).toBe(refused);
});

test.each<[string, string, string[], string | undefined]>([
  ['one SKU is sold out', 'loser', ['cup', 'hat'], 'hat'],
  ['a SKU that nobody follows', 'loser', ['cup'], never],
  ['two are sold out, and one was granted', 'winner', ['hat', 'bag'], 'bag'],
  ['both were granted', 'both', ['hat', 'bag'], never],
])('several lines: %s', async (_, who, skuIds, refused) => {
  const { notices, play } = open();
  notices.open('bag');
  await play([{ notice: ['winner', 'both'] }]);
  notices.hear('bag', { readMs: 0, granted: setOf(['both']) });
  expect(notices.refuses(who, skuIds)).toBe(refused);
});

test('what is heard of a SKU that is not followed is not kept', () => {
  const { notices } = open();
  expect(notices.hear('bag', { readMs: 0, granted: setOf([]) })).toBe(false);
  expect(notices.refuses('loser', ['bag'])).toBeUndefined();
});

function open() {
  const clock = new ManualClock();
  const notices = new SoldOutNotices({ clock });
  notices.open('hat');
  const play = async (steps: readonly Step[]) => {
    for (const step of steps) {
      const nowMs = clock.monotonicMs();
      if ('notice' in step) {
        const granted = setOf(step.notice);
        notices.hear('hat', { readMs: nowMs - (step.ageMs ?? 0), granted });
      } else if ('back' in step) notices.hear('hat', { readMs: nowMs, granted: undefined });
      else if ('wait' in step) await clock.advance(step.wait);
      else if ('granted' in step) notices.granted(step.granted, ['hat']);
      else notices.close('hat');
    }
  };
  return { notices, play };
}

function setOf(ids: readonly string[]): KnownIds {
  const known = KnownIds.sizedFor(1_000);
  for (const id of ids) known.add(id);
  return known;
}
