// Logs what went wrong inside, at a bounded rate: a dependency that is down fails every call, and
// a line for each would take more time than the calls.
import type { Log } from '../log.js';

// Enough to see what happens, far from enough to fill a disk (10 lines x 1 kB x 86,400 s = 0.9 GB
// for a day of nothing but failures).
const LINES_PER_SECOND_MAX = 10;

const noIds = () => ({});

interface Second {
  startMs: number;
  lines: number;
  suppressed: number;
}

const seconds = new WeakMap<Log, Second>();

export function logFailure(
  log: Log,
  level: 'warn' | 'error',
  error: unknown,
  text: string,
  ids: () => object = noIds,
): void {
  const second = secondOf(log, Date.now());
  if (second.lines >= LINES_PER_SECOND_MAX) {
    second.suppressed += 1;
    return;
  }
  second.lines += 1;
  const { suppressed } = second;
  second.suppressed = 0;
  log[level]({ ...ids(), err: error, ...(suppressed > 0 && { suppressed }) }, text);
}

function secondOf(log: Log, nowMs: number): Second {
  let second = seconds.get(log);
  if (!second) {
    second = { startMs: nowMs, lines: 0, suppressed: 0 };
    seconds.set(log, second);
  }
  // Also after the clock was set back, or a log would stay silent until it has caught up.
  if (Math.abs(nowMs - second.startMs) >= 1_000) {
    second.startMs = nowMs;
    second.lines = 0;
  }
  return second;
}
