// An open loop: calls start by the clock, whether or not earlier ones were answered, as callers who
// know nothing of each other do. Latency counts from the moment a call should have started, so that
// a server that stalls cannot hide the calls it kept from starting.
import { withoutStacks } from '../demo/without-stacks.js';
import { type Load, microsHistogram } from './measure.js';

export interface OpenSample {
  readonly started: number;
  readonly done: number;
  /** Not started, because so many were in flight. */
  readonly dropped: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface OpenOptions {
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

const TICK_MS = 1;
/** Ten seconds' worth at 1,000/s is longer than any deadline: whoever is that late has lost. */
const IN_FLIGHT_MAX = 10_000;

export async function measureOpen(load: Load, o: OpenOptions): Promise<OpenSample> {
  const latency = microsHistogram();
  const total = Math.round(o.ratePerSecond * o.seconds);
  const inFlight = new Set<Promise<void>>();
  const counts = { started: 0, done: 0, dropped: 0 };
  let failure: unknown;
  const startMs = performance.now();
  const start = (dueMs: number) => {
    if (inFlight.size >= IN_FLIGHT_MAX) {
      counts.dropped += 1;
      return;
    }
    counts.started += 1;
    const run = load.call().then(
      (done) => {
        counts.done += done ?? 0;
        latency.recordValue(Math.max(1, Math.round((performance.now() - dueMs) * 1000)));
      },
      (error: unknown) => {
        failure ??= error;
      },
    );
    const settled = run.finally(() => inFlight.delete(settled));
    inFlight.add(settled);
  };
  await withoutStacks(async () => {
    for (let next = 0; next < total && failure === undefined; ) {
      o.signal.throwIfAborted();
      const elapsedMs = performance.now() - startMs;
      const due = Math.min(total, Math.floor((elapsedMs * o.ratePerSecond) / 1000) + 1);
      for (; next < due; next++) start(startMs + (next * 1000) / o.ratePerSecond);
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all(inFlight);
  });
  if (failure !== undefined) throw failure;
  const seconds = (performance.now() - startMs) / 1000;
  return {
    ...counts,
    perSecond: counts.done / seconds,
    p50Ms: latency.getValueAtPercentile(50) / 1000,
    p99Ms: latency.getValueAtPercentile(99) / 1000,
  };
}
