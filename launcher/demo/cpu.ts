// Processor time of processes, from /proc. Elsewhere there is none, and the report leaves it out.
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux shows to every program as 100 on every machine. */
const TICKS_PER_SECOND = 100;

/** User and system time so far, in microseconds; undefined when it cannot be read. */
export function cpuMicros(pid: number): number | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The name is in parentheses and may itself contain any, so the fields are counted from the last.
 */
export function parseStat(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isInteger(user) || !Number.isInteger(system)) return undefined;
  return ((user + system) * 1_000_000) / TICKS_PER_SECOND;
}

/** Of each group of processes: `order-1` and `order-2` are both `order`. */
export type CpuByGroup = Map<string, number>;

export function cpuByGroup(processes: readonly { name: string; pid: number }[]): CpuByGroup {
  const groups: CpuByGroup = new Map();
  for (const { name, pid } of processes) {
    const micros = cpuMicros(pid);
    if (micros === undefined) continue;
    const group = name.replace(/-\d+$/, '');
    groups.set(group, (groups.get(group) ?? 0) + micros);
  }
  return groups;
}

/** What each group has used between two readings, the dearest first. */
export function cpuSpent(before: CpuByGroup, after: CpuByGroup): [string, number][] {
  return [...after]
    .map(([group, micros]): [string, number] => [group, micros - (before.get(group) ?? 0)])
    .filter(([, micros]) => micros > 0)
    .sort(([, a], [, b]) => b - a);
}
