// A random subset of the other cases, some of them at the same time: one track for Redis, one for MySQL,
// one for the processes. The seed decides, so a run that found something can be had again.

import type { BrokenPart, ChaosCase, FaultRun } from '../chaos-case.js';

const TRACKS: readonly BrokenPart[] = ['REDIS', 'MYSQL', 'PROCESS'];
/** Shorter than this a case hardly begins. */
const TURN_MS_MIN = 3_000;

export function swarmOf(cases: readonly ChaosCase[]): ChaosCase {
  return {
    id: 'T-ALL',
    part: 'ALL',
    story: 'a random subset of all faults, on Redis, MySQL and the processes at the same time',
    async inject(run) {
      await Promise.all(TRACKS.map((part) => track(run, cases, part)));
    },
    expects: (seen) => (seen.marked('swarm') > 0 ? [] : ['no fault was chosen']),
  };
}

async function track(run: FaultRun, cases: readonly ChaosCase[], part: BrokenPart): Promise<void> {
  const own = cases.filter((one) => one.part === part);
  while (run.leftMs() > TURN_MS_MIN) {
    // Each track rests now and then, so that every combination comes up, also of one alone.
    const chosen = run.random.chance(0.25) ? undefined : own[run.random.below(own.length)];
    const windowMs = Math.min(run.leftMs(), TURN_MS_MIN + run.random.below(TURN_MS_MIN));
    if (chosen === undefined) {
      await run.sleep(windowMs);
      continue;
    }
    run.mark(`swarm: ${chosen.id} for ${windowMs.toFixed(0)} ms`);
    try {
      await chosen.inject(within(run, windowMs));
      await heal(run, part);
    } catch (error) {
      // A process cannot start while another track keeps its server down. The end heals all.
      run.mark(`swarm: ${chosen.id} gave up: ${(error as Error).message.split('\n')[0]}`);
    }
  }
}

function heal({ env }: FaultRun, part: BrokenPart): Promise<void> {
  if (part === 'REDIS') return env.healRedis();
  return part === 'MYSQL' ? env.healMysql() : env.healServices();
}

/** The same run with a shorter window. */
function within(run: FaultRun, windowMs: number): FaultRun {
  const endMs = performance.now() + windowMs;
  const leftMs = () => Math.min(run.leftMs(), endMs - performance.now());
  return {
    ...run,
    windowMs,
    leftMs,
    sleep: (ms) => run.sleep(Math.max(0, Math.min(ms, leftMs()))),
    mark: (text) => run.mark(text),
  };
}
