// How busy the whole machine is, so that a run that shared it with other work says so itself.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const MICROS_PER_TICK = 10_000;

/** Processor time of everybody so far, in microseconds; undefined where it cannot be read. */
export function machineBusyMicros(): number | undefined {
  try {
    return parseBusy(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return undefined;
  }
}

/** user nice system idle iowait irq softirq steal: all but the two that wait. */
export function parseBusy(stat: string): number | undefined {
  const [name, ...columns] = (stat.split('\n')[0] ?? '').split(/\s+/);
  const ticks = columns.map(Number);
  if (name !== 'cpu' || ticks.length < 8) return undefined;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return (user + nice + system + irq + softirq + steal) * MICROS_PER_TICK;
}

/** The part of the machine's processors, 0 to 1, that was not ours. */
export function othersShare(busyMicros: number, oursMicros: number, seconds: number): number {
  const share = (busyMicros - oursMicros) / (seconds * 1_000_000 * cpus().length);
  return Math.min(1, Math.max(0, share));
}
