// Promise: nothing is recorded where it could not be written; a backend that is away costs spans and a
// bounded moment at the stop, and no call.

import { afterEach, expect, test } from '@jest/globals';
import { createLog } from '../log.js';
import { startTracing } from './trace-export.js';
import { beginRoot, recording, setTracer } from './trace-recorder.js';
import { samplingRuleOf, type TraceSettings } from './trace-settings.js';

const SETTINGS: TraceSettings = {
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: 0.01,
  TRACE_FIRST_PER_SECOND: false,
  TRACE_SLOW_MS: 500,
};

afterEach(() => setTracer(undefined));

async function start(settings: TraceSettings): Promise<() => Promise<void>> {
  let stop = () => Promise.resolve();
  const lifecycle = {
    onStop(_name: string, given: () => Promise<void>) {
      stop = given;
    },
  };
  const log = createLog({ service: 'test', level: 'silent' });
  await startTracing({ service: 'test', instance: 'test-1', settings, log, lifecycle });
  return () => stop();
}

test('without a place to write to, nothing is recorded', async () => {
  await start(SETTINGS);
  expect(recording()).toBe(false);
});

test('a backend that is away: calls go on, and the stop is bounded', async () => {
  // Nobody listens on port 1.
  const stop = await start({ ...SETTINGS, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  expect(recording()).toBe(true);
  for (let i = 0; i < 10; i += 1) beginRoot('call')?.end();
  await stop();
  expect(recording()).toBe(false);
});

test.each([
  ['parentbased_traceidratio', 0.25, 0.25],
  ['parentbased_always_on', 0.25, 1],
  ['parentbased_always_off', 0.25, 0],
])('%s with %d records %d', (sampler, arg, ratio) => {
  const settings = { ...SETTINGS, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg };
  expect(samplingRuleOf(settings).ratio).toBe(ratio);
});
