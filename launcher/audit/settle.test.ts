// Looking again: what persists is a problem, what moves is not, and it ends.
import { expect, test } from '@jest/globals';
import { ManualClock } from '../../services/platform/clock.js';
import { type Problem, problem } from './problem.js';
import { lookUntilSettled } from './settle.js';

const leak = problem('LEAKED', 'order 1', '2 of sku-1', 2);
const drift = (units: number) => problem('DRIFT', 'sku-1', `Redis has ${units}`, units);

async function settle(looks: Problem[][]): Promise<{ problems: string[]; looks: number }> {
  const clock = new ManualClock();
  let next = 0;
  const settling = lookUntilSettled({ clock, settleMsMax: 6_000, pauseMs: 500 }, async () => ({
    problems: looks[Math.min(next++, looks.length - 1)] ?? [],
  }));
  let settled: Awaited<typeof settling> | undefined;
  void settling.then((value) => {
    settled = value;
  });
  for (let i = 0; i < 100 && settled === undefined; i++) await clock.advance(500);
  if (settled === undefined) throw new Error('it did not end');
  return { problems: settled.problems.map((p) => p.kind), looks: settled.looks };
}

test('one look is enough when it finds nothing', async () => {
  expect(await settle([[]])).toEqual({ problems: [], looks: 1 });
});

test('a suspicion that vanishes is dropped', async () => {
  expect(await settle([[leak], [leak], []])).toEqual({ problems: [], looks: 3 });
});

test('what persists is a problem, after six seconds', async () => {
  expect(await settle([[leak]])).toEqual({ problems: ['LEAKED'], looks: 13 });
});

test('numbers that change between looks are movement', async () => {
  expect(await settle([[drift(1)], [drift(2)], [drift(1)]])).toEqual({ problems: [], looks: 2 });
});

test('a problem that appears later is not one yet', async () => {
  expect(await settle([[leak, drift(1)], [leak], [leak, drift(1)]])).toMatchObject({
    problems: ['LEAKED'],
  });
});
