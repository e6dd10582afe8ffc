// Puts a load on the lab for some seconds, with a fixed number of calls in flight, and tells what
// was done, how long the calls took, and what each kind of process spent on it.
import { build, type Histogram } from 'hdr-histogram-js';
import { cpuByGroup, cpuSpent } from '../demo/cpu.js';
import { withoutStacks } from '../demo/without-stacks.js';
import { machineBusyMicros, othersShare } from './machine-busy.js';

export interface Load {
  /** Calls in flight at a time. */
  readonly concurrency: number;
  /** One call. Answers how many operations it did; undefined when there is nothing left to do. */
  call(): Promise<number | undefined>;
  /** Waits for what the calls have left to do in the background: it belongs to their cost. */
  settled?(): Promise<void>;
}

export interface Sample {
  readonly operations: number;
  readonly calls: number;
  readonly seconds: number;
  /** Microseconds by kind of process, the dearest first; empty where they cannot be read. */
  readonly cpu: readonly [kind: string, micros: number][];
  /** Milliseconds of a call. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The part of the processors that went to processes that are not ours; undefined as above. */
  readonly others: number | undefined;
}

/** The kind of the process that makes the load: this one. */
export const GENERATOR = 'generator';

export interface MeasureOptions {
  readonly seconds: number;
  /** Ends earlier, when so many operations are done. */
  readonly operationsMax?: number | undefined;
  readonly processes: readonly { name: string; pid: number }[];
  readonly signal: AbortSignal;
}

export async function measure(load: Load, o: MeasureOptions): Promise<Sample> {
  const { operationsMax = Number.POSITIVE_INFINITY } = o;
  const processes = [...o.processes, { name: GENERATOR, pid: process.pid }];
  const latency = microsHistogram();
  let operations = 0;
  let calls = 0;
  const before = cpuByGroup(processes);
  const busyBefore = machineBusyMicros();
  const startMs = performance.now();
  const endMs = startMs + o.seconds * 1000;
  const caller = async () => {
    for (let nowMs = performance.now(); nowMs < endMs && !o.signal.aborted; ) {
      if (operations >= operationsMax) return;
      const done = await load.call();
      if (done === undefined) return;
      operations += done;
      calls += 1;
      const answeredMs = performance.now();
      latency.recordValue(Math.max(1, Math.round((answeredMs - nowMs) * 1000)));
      nowMs = answeredMs;
    }
  };
  await withoutStacks(() => Promise.all(Array.from({ length: load.concurrency }, caller)));
  o.signal.throwIfAborted();
  const seconds = (performance.now() - startMs) / 1000;
  await load.settled?.();
  const cpu = cpuSpent(before, cpuByGroup(processes));
  return {
    operations,
    calls,
    seconds,
    cpu,
    p50Ms: latency.getValueAtPercentile(50) / 1000,
    p99Ms: latency.getValueAtPercentile(99) / 1000,
    others: others(busyBefore, cpu, (performance.now() - startMs) / 1000),
  };
}

function others(
  before: number | undefined,
  cpu: Sample['cpu'],
  seconds: number,
): number | undefined {
  const after = machineBusyMicros();
  if (before === undefined || after === undefined) return undefined;
  const ours = cpu.reduce((sum, [, micros]) => sum + micros, 0);
  return othersShare(after - before, ours, seconds);
}

export function microsHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}
