import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from './clock.js';
import {
  ClockError,
  geneOf,
  ID_EPOCH_MS,
  type IdLease,
  IdSource,
  parseId,
  timeOf,
  workerOf,
} from './ids.js';

const NOW_MS = Date.UTC(2026, 5, 1);
const LEASE: IdLease = { workerId: 7, fromMs: 0, untilMs: NOW_MS + 60_000 };

function source(lease: () => IdLease = () => LEASE) {
  const clock = new ManualClock(NOW_MS);
  return { clock, ids: new IdSource({ clock, lease }) };
}

test('an id carries its time, gene and worker, and fits in a signed 64-bit integer', () => {
  const { ids } = source();
  const id = ids.next(63);
  expect([timeOf(id), geneOf(id), workerOf(id)]).toEqual([NOW_MS, 63, 7]);
  expect(timeOf(2n ** 63n - 1n)).toBe(ID_EPOCH_MS + 2 ** 41 - 1);
});

test('ids of a tight loop are unique and grow; a full sequence borrows a millisecond', () => {
  const { ids } = source();
  const made = Array.from({ length: 20_000 }, () => ids.next(3));
  expect(new Set(made).size).toBe(20_000);
  expect(made.every((id, i) => i === 0 || id > (made[i - 1] ?? 0n))).toBe(true);
  expect(timeOf(made[19_999] ?? 0n)).toBe(NOW_MS + Math.floor(19_999 / 256));
});

describe('what is refused rather than risked', () => {
  test.each([
    ['the clock stood still', 0, NOW_MS],
    ['the clock stepped back a little: time stands still', -50, NOW_MS],
    ['the clock stepped back too far', -51, 'ClockError'],
    ['the last millisecond of the lease', 60_000, NOW_MS + 60_000],
    ['past the lease', 60_001, 'ClockError'],
  ])('%s', (_, stepMs, expected) => {
    const { clock, ids } = source();
    ids.next(1);
    clock.stepWallClock(stepMs);
    expect(timeOrError(() => ids.next(1))).toBe(expected);
  });

  test('borrowing does not pass the lease either', () => {
    const { ids } = source(() => ({ ...LEASE, untilMs: NOW_MS }));
    for (let i = 0; i < 256; i++) ids.next(1);
    expect(() => ids.next(1)).toThrow(ClockError);
  });

  test('a lease that begins later moves time forward', () => {
    const { ids } = source(() => ({ ...LEASE, fromMs: NOW_MS + 5 }));
    expect(timeOf(ids.next(1))).toBe(NOW_MS + 5);
  });
});

// Two processes take turns with one worker id, the way the lease table grants it: a new holder
// starts above the former until. Clocks jump both ways, and a former holder goes on as long as its
// lease lets it.
test('no id is made twice, whatever clocks and takeovers do', () => {
  const step = fc.oneof(
    fc.record({ make: fc.integer({ min: 1, max: 700 }), who: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ stepMs: fc.integer({ min: -400, max: 400 }), who: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ takeover: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ renew: fc.constant(true) }),
    fc.record({ restart: fc.integer({ min: 0, max: 1 }) }),
  );
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    let untilMs = NOW_MS - 1;
    let owner = -1;
    const holders = [0, 1].map(() => newHolder());
    const take = (who: number) => {
      const holder = holders[who];
      if (!holder) return;
      const fromMs = untilMs + 1;
      untilMs = Math.max(holder.clock.nowMs(), fromMs) + 100;
      holder.lease = { workerId: 9, fromMs, untilMs };
      owner = who;
    };
    const made = new Set<bigint>();
    let count = 0;
    for (const one of steps) {
      if ('takeover' in one) take(one.takeover);
      else if ('restart' in one) {
        holders[one.restart] = newHolder();
        take(one.restart);
      } else if ('renew' in one) {
        const holder = holders[owner];
        if (!holder?.lease) continue;
        untilMs = Math.max(untilMs, holder.clock.nowMs() + 100);
        holder.lease = { ...holder.lease, untilMs };
      } else if ('stepMs' in one) holders[one.who]?.clock.stepWallClock(one.stepMs);
      else {
        for (let i = 0; i < one.make; i++) {
          const id = idOrNone(holders[one.who]);
          if (id === undefined) break;
          // The gene must not be what makes them differ.
          made.add(id);
          count += 1;
        }
      }
    }
    expect(made.size).toBe(count);
  });
  fc.assert(property, { numRuns: 200 });
});

interface Holder {
  clock: ManualClock;
  lease: IdLease | undefined;
  ids: IdSource;
}

function newHolder(): Holder {
  const clock = new ManualClock(NOW_MS);
  const holder: Holder = {
    clock,
    lease: undefined,
    ids: new IdSource({
      clock,
      lease: () => {
        if (!holder.lease) throw new ClockError('none');
        return holder.lease;
      },
    }),
  };
  return holder;
}

function idOrNone(holder: Holder | undefined): bigint | undefined {
  try {
    return holder?.ids.next(5);
  } catch (error) {
    expect(error).toBeInstanceOf(ClockError);
    return undefined;
  }
}

test.each([
  ['1', 1n],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['9223372036854775808', undefined],
  ['99999999999999999999', undefined],
  ['0', undefined],
  ['01', undefined],
  ['-1', undefined],
  ['+1', undefined],
  ['1.0', undefined],
  ['1e3', undefined],
  ['0x1', undefined],
  [' 1', undefined],
  ['1\n', undefined],
  ['', undefined],
])('parseId(%j)', (text, expected) => {
  expect(parseId(text)).toBe(expected);
});

function timeOrError(make: () => bigint): number | string {
  try {
    return timeOf(make());
  } catch (error) {
    return (error as Error).name;
  }
}
