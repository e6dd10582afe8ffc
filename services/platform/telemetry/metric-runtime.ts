// What Node itself has to say: event loop, garbage collection, memory, processor. Watched only while
// somebody can ask, because the watching is not free.

import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { counters, gauges, histograms } from './metrics.js';

/** What the delays and the utilization of the loop are told about. */
const WINDOW_MS = 10_000;
/** A timer that fires so often sees delays from twice its length on. */
const RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

/** Answers how to stop. */
export function watchRuntime(): () => void {
  const stops = [watchLoop(), watchCollections()];
  observeProcess();
  return () => {
    for (const stop of stops) stop();
  };
}

function watchLoop(): () => void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let before = performance.eventLoopUtilization();
  const tell = () => {
    if (delays.count > 0) {
      gauges('nodejs.eventloop.delay.p50')
        .of()
        .set(delays.percentile(50) / NANOSECONDS);
      gauges('nodejs.eventloop.delay.p99')
        .of()
        .set(delays.percentile(99) / NANOSECONDS);
      gauges('nodejs.eventloop.delay.max')
        .of()
        .set(delays.max / NANOSECONDS);
      delays.reset();
    }
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    gauges('nodejs.eventloop.utilization').of().set(utilization);
    before = now;
  };
  // Something is known from the start.
  tell();
  gauges('nodejs.eventloop.delay.p50').of().set(0);
  gauges('nodejs.eventloop.delay.p99').of().set(0);
  gauges('nodejs.eventloop.delay.max').of().set(0);
  const timer = setInterval(tell, WINDOW_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    delays.disable();
  };
}

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

function watchCollections(): () => void {
  const pauses = histograms('v8js.gc.duration');
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      detail?: { kind?: number };
    })[]) {
      const kind = COLLECTIONS[entry.detail?.kind ?? -1] ?? 'unknown';
      pauses.of(kind).record(entry.duration / 1_000);
    }
  });
  pauses.of('minor');
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

let observed = false;

function observeProcess(): void {
  if (observed) return;
  observed = true;
  const cpu = counters('process.cpu.time');
  cpu.of('user').observe(() => process.cpuUsage().user / 1e6);
  cpu.of('system').observe(() => process.cpuUsage().system / 1e6);
  gauges('process.memory.usage')
    .of()
    .observe(() => process.memoryUsage.rss());
  gauges('v8js.memory.heap.used')
    .of()
    .observe(() => process.memoryUsage().heapUsed);
  gauges('process.uptime')
    .of()
    .observe(() => process.uptime());
}
