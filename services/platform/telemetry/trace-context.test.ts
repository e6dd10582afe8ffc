// Promise: a trace context survives the wire, and text that is none is taken for none.

import { expect, test } from '@jest/globals';
import { contextOf, parseTraceparent, traceparentOf } from './trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('what is written is read again', () => {
  const written = traceparentOf({ traceId: TRACE, spanId: SPAN });
  expect(written).toBe(`00-${TRACE}-${SPAN}-01`);
  expect(contextOf(written)).toMatchObject({ traceId: TRACE, spanId: SPAN });
});

test.each([
  ['sampled', `00-${TRACE}-${SPAN}-01`, true],
  ['not sampled', `00-${TRACE}-${SPAN}-00`, false],
  ['other flags', `00-${TRACE}-${SPAN}-03`, true],
  ['a later version with more', `cc-${TRACE}-${SPAN}-01-what-will-be`, true],
  ['no text', '', undefined],
  ['no version', `ff-${TRACE}-${SPAN}-01`, undefined],
  ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
  ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
  ['too short', `00-${TRACE}-${SPAN}`, undefined],
  ['more in version 00', `00-${TRACE}-${SPAN}-011`, undefined],
])('%s', (_, text, sampled) => {
  expect(parseTraceparent(text)?.sampled).toBe(sampled);
});

test('what is not recorded is no context to continue', () => {
  expect(contextOf(`00-${TRACE}-${SPAN}-00`)).toBeUndefined();
  expect(contextOf(undefined)).toBeUndefined();
  expect(contextOf(7)).toBeUndefined();
});
