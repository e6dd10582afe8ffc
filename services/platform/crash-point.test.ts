import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { configFields, readConfig } from './config.js';
import { armCrashPoints, type CrashPlan, crashPoint, parseCrashPlan } from './crash-point.js';

const log = { warn: () => {} };
afterEach(() => armCrashPoints({ log }));

test.each<[string, CrashPlan | undefined]>([
  ['gate.after', { name: 'gate.after', nth: 1 }],
  ['gate.after:3', { name: 'gate.after', nth: 3 }],
  ['gate.later', undefined],
  ['constructor', undefined],
  ['', undefined],
  ['gate.after:', undefined],
  ['gate.after:0', undefined],
  ['gate.after:-1', undefined],
  ['gate.after:1.5', undefined],
  ['gate.after:1:1', undefined],
  ['gate.after:1000001', undefined],
])('%s is read as %p', (text, plan) => {
  expect(parseCrashPlan(text)).toEqual(plan);
});

test('a process with a name that is no crash point does not start', () => {
  const schema = z.object({ CRASH_AT: configFields.crashPlan });
  expect(() => readConfig(schema, { CRASH_AT: 'gate.later' })).toThrow(
    /^CRASH_AT: must be name or name:nth, of gate.before, .*\. Example: /,
  );
  expect(readConfig(schema, { CRASH_AT: '' })).toEqual({});
});

/** What happens to a process that passes the points in this order. */
function passing(names: readonly string[], o: { crashAt?: string; pauseAt?: string }): string[] {
  const plan = (text: string | undefined) =>
    text === undefined ? undefined : parseCrashPlan(text);
  const signals: string[] = [];
  const armed = { crashAt: plan(o.crashAt), pauseAt: plan(o.pauseAt), log };
  armCrashPoints(armed, (signal) => void signals.push(signal));
  return names.map((name) => {
    signals.length = 0;
    crashPoint((parseCrashPlan(name) as CrashPlan).name);
    return signals.join();
  });
}

test('nothing happens unless a point is armed', () => {
  expect(passing(['gate.before', 'gate.after'], {})).toEqual(['', '']);
});

test('the named point ends the process, at the nth pass and only then', () => {
  const names = ['gate.after', 'gate.before', 'gate.after', 'gate.after'];
  expect(passing(names, { crashAt: 'gate.after' })).toEqual(['SIGKILL', '', '', '']);
  expect(passing(names, { crashAt: 'gate.after:2' })).toEqual(['', '', 'SIGKILL', '']);
  expect(passing(names, { pauseAt: 'gate.before' })).toEqual(['', 'SIGSTOP', '', '']);
  const both = { pauseAt: 'gate.after', crashAt: 'gate.after:2' };
  expect(passing(names, both)).toEqual(['SIGSTOP', '', 'SIGKILL', '']);
});

test('a process that is armed says so at its start', () => {
  const lines: unknown[] = [];
  const warn = (...line: unknown[]) => void lines.push(line[0]);
  armCrashPoints({ log: { warn } });
  expect(lines).toEqual([]);
  armCrashPoints({ crashAt: { name: 'gate.after', nth: 1 }, log: { warn } });
  expect(lines).toEqual([{ crashAt: { name: 'gate.after', nth: 1 } }]);
});
