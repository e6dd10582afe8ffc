// Promise: the decision is made once, where a call comes in; callers decide for it within a bound; what
// failed or was slow is told afterwards, within another.

import { afterEach, expect, test } from '@jest/globals';
import { startTape, type Tape } from './trace.fixture.js';
import { Entrance, type SamplingRule } from './trace-sampler.js';

let tape: Tape | undefined;
afterEach(() => tape?.stop());

const NOW_MS = 1_000_000;
const CONTEXT = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
const [YES, NO] = [`00-${CONTEXT}-01`, `00-${CONTEXT}-00`];

function entrance(rule: Partial<SamplingRule>, strangers = false): Entrance {
  tape = startTape(rule);
  return new Entrance('Call', { strangers });
}

const times = (n: number, work: () => unknown) =>
  Array.from({ length: n }, work).filter((span) => span !== undefined).length;

test.each([
  ['a caller that is recorded', YES, 0, true],
  ['a caller that is not, whatever our share', NO, 1, false],
  ['nobody before us, all are recorded', undefined, 1, true],
  ['nobody before us, none is', undefined, 0, false],
  ['text that is no context counts as nobody', 'odd', 1, true],
])('%s', (_, header, ratio, recorded) => {
  expect(entrance({ ratio }).begin(header, NOW_MS) !== undefined).toBe(recorded);
});

test('a recorded caller is continued', () => {
  const span = entrance({}).begin(YES, NOW_MS);
  span?.end();
  expect(tape?.spans()).toMatchObject([{ traceId: span?.traceId, parentId: 'b7ad6b7169203331' }]);
  expect(span?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
});

test('the first of each second is recorded where that is wished', () => {
  const calls = entrance({ firstPerSecond: true });
  const second = (n: number) => times(5, () => calls.begin(undefined, NOW_MS + 1_000 * n));
  expect([second(0), second(1), second(7)]).toEqual([1, 1, 1]);
});

test('what strangers ask to be recorded is bounded, what the mesh asks is not', () => {
  const asked = (calls: Entrance) => times(500, () => calls.begin(YES, NOW_MS));
  expect(asked(entrance({}, true))).toBe(100);
  tape?.stop();
  expect(asked(entrance({}))).toBe(500);
});

test('faults and slow calls are told afterwards, up to ten a second', () => {
  const calls = entrance({ slowMs: 500 });
  expect(calls.tell(false, NOW_MS - 499, NOW_MS)).toBeUndefined();
  calls.tell(false, NOW_MS - 500, NOW_MS)?.end();
  expect(tape?.spans()).toMatchObject([{ attributes: { 'spillway.told_late': 'slow' } }]);
  expect(times(50, () => calls.tell(true, NOW_MS, NOW_MS))).toBe(9);
  expect(times(50, () => calls.tell(true, NOW_MS, NOW_MS + 1_000))).toBe(10);
});

test('switched off, no header is looked at', () => {
  const calls = entrance({ ratio: 1 });
  tape?.stop();
  expect(calls.begin(YES, NOW_MS)).toBeUndefined();
  expect(calls.tell(true, 0, NOW_MS)).toBeUndefined();
});
