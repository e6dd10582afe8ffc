// One case from beginning to end: fill the shelves, start the load, break things, heal, come to rest,
// gather the evidence, judge it. The same seed gives the same crowd and the same faults; when exactly
// they meet is up to the machine.

import { setTimeout as sleep } from 'node:timers/promises';
import { SHARDS, shardOf } from '../../services/platform/shard.js';
import { Random } from '../demo/random.js';
import type { ChaosCase, FaultRun, Seen } from './chaos-case.js';
import { type CaseResult, caseStats } from './chaos-result.js';
import { checkAll } from './checkers/check-all.js';
import { comeToRest } from './come-to-rest.js';
import { readEndState } from './end-state.js';
import type { Environment } from './environment.js';
import type { Evidence, Sample } from './evidence.js';
import { MYSQL_SERVERS } from './faults/mysql-nodes.js';
import { History, type Mark } from './history.js';
import { Caller } from './load/caller.js';
import { Load } from './load/load.js';
import { OpMix, type SaleSku } from './load/op-mix.js';
import { StockSampler } from './stock-sampler.js';

const UNITS = 500;
/** Two SKUs on the first server, in two partitions, and one on the last. */
const SERVERS_OF_SKUS = [0, 0, MYSQL_SERVERS - 1];
/** A healthy moment first: a fault needs something to break. */
const WARM_UP_MS = 300;
const FILL_MS_MAX = 10_000;

export interface CaseOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly ratePerSecond: number;
  readonly historyFile: string;
  readonly signal: AbortSignal;
  /** How many times longer than usual everything may take, on a machine that is shared. 1 by itself. */
  readonly slack?: number;
  /** Told now and then how it goes. */
  onProgress?(o: { elapsedMs: number; attempts: number; unsettled: number }): void;
}

/** Throws when the run itself failed; a broken promise is a result. */
export async function runCase(
  env: Environment,
  chaosCase: ChaosCase,
  o: CaseOptions,
): Promise<CaseResult> {
  const startMs = performance.now();
  const { id, story } = chaosCase;
  const tag = `${id.toLowerCase()}-${o.seed}`;
  const skus = saleSkus(tag);
  const history = new History(o.historyFile);
  const caller = new Caller({ addresses: env.inventoryAddresses(), history });
  try {
    const mix = new OpMix({ random: new Random(o.seed), skus, tag });
    await fill(caller, mix, skus);
    await chaosCase.prepare?.(env);
    const load = new Load({ caller, mix, ratePerSecond: o.ratePerSecond });
    const skuIds = skus.map((sku) => sku.skuId);
    const scene = { history, caller, mix, load, skus, skuIds };
    const { samples, loadEndMs, rest } = await underLoad(env, chaosCase, o, scene);
    const end = await readEndState(env, { skuIds, tag });
    const { attempts, marks } = history;
    const lagMsMax = load.lagMsMax;
    const holdMs = env.holdMs;
    const slack = o.slack ?? 1;
    const evidence = { slack, holdMs, skuIds, attempts, marks, samples, lagMsMax, rest, end };
    const violations = checkAll(evidence);
    if (violations.length > 0) history.note('end', end);
    for (const violation of violations) history.note('violation', violation);
    const seen = see(evidence);
    const unmet = chaosCase.expects(seen);
    const ok = violations.length === 0 && unmet.length === 0;
    const { rebases } = seen;
    const stats = caseStats(evidence, { shed: load.shed, loadEndMs, rebases });
    const took_ms = Math.round(performance.now() - startMs);
    return { id, story, ok, seed: o.seed, took_ms, violations, unmet, stats };
  } finally {
    caller.close();
    await history.close();
  }
}

/** Names that lie where the cases want them. */
function saleSkus(tag: string): SaleSku[] {
  const taken = new Set<number>();
  return SERVERS_OF_SKUS.map((server, i) => {
    for (let n = 1; ; n += 1) {
      const skuId = `${tag}-s${i + 1}.${n}`;
      const shard = shardOf(skuId);
      if (taken.has(shard) || Math.floor((shard * MYSQL_SERVERS) / SHARDS) !== server) continue;
      taken.add(shard);
      return { skuId, limited: i === 1 };
    }
  });
}

async function fill(caller: Caller, mix: OpMix, skus: readonly SaleSku[]): Promise<void> {
  const endMs = performance.now() + FILL_MS_MAX;
  let ops = skus.map((sku) => mix.restock(sku.skuId, UNITS));
  while (ops.length > 0) {
    const attempts = await caller.send('restock', ops);
    const left = ops.filter((_, i) => attempts[i]?.type !== 'ok');
    if (left.length > 0 && performance.now() > endMs) {
      throw new Error(`the shelves cannot be filled: ${attempts.map((a) => a.outcome).join(', ')}`);
    }
    if (left.length > 0) await sleep(100);
    ops = left;
  }
}

interface Scene {
  readonly history: History;
  readonly caller: Caller;
  readonly mix: OpMix;
  readonly load: Load;
  readonly skus: readonly SaleSku[];
  readonly skuIds: readonly string[];
}

async function underLoad(
  env: Environment,
  chaosCase: ChaosCase,
  o: CaseOptions,
  scene: Scene,
): Promise<{ samples: Sample[]; loadEndMs: number; rest: Evidence['rest'] }> {
  const { history, load, skuIds } = scene;
  const nowMs = () => history.nowMs();
  const sampler = new StockSampler({ mysql: env.mysql, skuIds, nowMs });
  sampler.start();
  load.start();
  const startMs = performance.now();
  const ticking = setInterval(() => {
    const elapsedMs = performance.now() - startMs;
    o.onProgress?.({ elapsedMs, attempts: history.attempts.length, unsettled: load.unsettled() });
  }, 200);
  try {
    await sleep(WARM_UP_MS);
    const run = faultRun(env, o, scene);
    await chaosCase.inject(run);
    await run.sleep(Number.POSITIVE_INFINITY);
    o.signal.throwIfAborted();
    load.stopNew();
    const loadEndMs = nowMs();
    await env.heal();
    history.mark('healed');
    const rest = await comeToRest({ env, ...scene, slack: o.slack ?? 1 });
    return { samples: sampler.samples, loadEndMs, rest };
  } finally {
    clearInterval(ticking);
    await load.stop();
    await sampler.stop();
  }
}

function faultRun(env: Environment, o: CaseOptions, scene: Scene): FaultRun {
  const windowMs = o.seconds * 1_000 - WARM_UP_MS;
  const endMs = performance.now() + windowMs;
  const leftMs = () => (o.signal.aborted ? 0 : endMs - performance.now());
  return {
    env,
    // Another sequence than the crowd's: a change of the one must not change the other.
    random: new Random(o.seed ^ 0x5eed),
    skuIds: scene.skuIds,
    windowMs,
    leftMs,
    async sleep(ms) {
      const boundedMs = Math.max(0, Math.min(ms, leftMs()));
      await sleep(boundedMs, undefined, { signal: o.signal }).catch(() => undefined);
    },
    mark: (text) => scene.history.mark(text),
  };
}

function see(evidence: Evidence): Seen {
  const marked = (beginning: string) =>
    evidence.marks.filter((mark: Mark) => mark.text.startsWith(beginning)).length;
  const epochs = evidence.skuIds.map((skuId) => {
    const own = evidence.samples.filter((sample) => sample.skuId === skuId);
    return (own.at(-1)?.epoch ?? 0) - (own[0]?.epoch ?? 0);
  });
  return { evidence, marked, rebases: epochs.reduce((sum, n) => sum + n, 0) };
}
