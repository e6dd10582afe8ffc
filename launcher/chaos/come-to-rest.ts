// What follows the last fault: does the system sell again at once, does every operation learn its
// outcome, does every unit that nobody owns come back, and does Redis agree with MySQL in the end?

import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE_MS_MAX, SELLABLE_MS_MAX } from './checkers/liveness.js';
import { type Level, readLevels } from './end-state.js';
import type { Environment } from './environment.js';
import type { Rest } from './evidence.js';
import type { Caller } from './load/caller.js';
import type { Load } from './load/load.js';
import type { OpMix, SaleSku } from './load/op-mix.js';

/** Every SKU gets so many before the probe, so that a refusal cannot be an honest one for long. */
const PROBE_UNITS = 20;
const PROBE_PAUSE_MS = 50;
/** Each retry waits 0.8 s at most and each call 2 s; ten of them settle anything that can be. */
const DRAIN_MS_MAX = 20_000;
/** A hold that was claimed by a process that died is claimed again after 5 s, plus some looks. */
const CLAIM_MS_MAX = 10_000;
/** The auditor looks every second and wants to see a difference twice. */
const DRIFT_MS_MAX = 5_000;
const LOOK_PAUSE_MS = 100;

export interface Resting {
  readonly env: Environment;
  readonly caller: Caller;
  readonly mix: OpMix;
  readonly load: Load;
  readonly skus: readonly SaleSku[];
  /** How many times longer than usual everything may take. */
  readonly slack: number;
}

/** Call it when the last fault has ended and the load begins nothing new. */
export async function comeToRest(o: Resting): Promise<Rest> {
  const { load, mix, skus, slack } = o;
  load.add(skus.map((sku) => mix.restock(sku.skuId, PROBE_UNITS)));
  const probeMs = await sellEach(o, skus, PROBE_MS_MAX * slack);
  await load.drain(DRAIN_MS_MAX * slack);
  load.add(mix.takeHeld());
  const unsettled = await load.drain(DRAIN_MS_MAX * slack);
  const levels = await untilNothingIsHeld(o);
  const leaked = levels.filter((level) => level.reserved > 0).map(heldText);
  const stocked = skus.filter((sku) =>
    levels.some((level) => level.skuId === sku.skuId && level.available > 0),
  );
  const sellableMs = await sellEach(o, stocked, SELLABLE_MS_MAX * slack);
  load.add(mix.takeHeld());
  await load.drain(DRAIN_MS_MAX * slack);
  const drifted = await untilNoDrift(o);
  return { unsettled, probeMs, leaked, sellableMs, drifted };
}

function heldText({ skuId, reserved }: Level): string {
  return `${reserved} units of ${skuId}`;
}

/** One new buyer after another asks for each SKU until one gets a unit. */
async function sellEach(
  o: Resting,
  skus: readonly SaleSku[],
  waitMsMax: number,
): Promise<Map<string, number>> {
  const startMs = performance.now();
  const times = new Map<string, number>();
  const sellOne = async (sku: SaleSku) => {
    times.set(sku.skuId, Number.POSITIVE_INFINITY);
    while (performance.now() - startMs <= waitMsMax) {
      const op = o.mix.newReserve(sku);
      const [attempt] = await o.caller.send('reserve', [op]);
      if (attempt?.type === 'info') o.load.add([op]);
      else if (attempt !== undefined) o.mix.settled(attempt);
      if (attempt?.type === 'ok') {
        times.set(sku.skuId, performance.now() - startMs);
        return;
      }
      await sleep(PROBE_PAUSE_MS);
    }
  };
  await Promise.all(skus.map(sellOne));
  return times;
}

async function untilNothingIsHeld(o: Resting): Promise<Level[]> {
  const endMs = performance.now() + (o.env.holdMs + CLAIM_MS_MAX) * o.slack;
  for (;;) {
    const levels = await look(o);
    const held = levels.some((level) => level.reserved > 0);
    if (!held || performance.now() > endMs) return levels;
    await sleep(LOOK_PAUSE_MS);
  }
}

/** Two looks in a row without a difference: one could be luck. */
async function untilNoDrift(o: Resting): Promise<string[]> {
  const endMs = performance.now() + DRIFT_MS_MAX * o.slack;
  for (let clean = 0; ; await sleep(LOOK_PAUSE_MS)) {
    const drifts = (await look(o)).filter((level) => level.drift !== undefined);
    clean = drifts.length === 0 ? clean + 1 : 0;
    if (clean >= 2) return [];
    if (performance.now() > endMs) return drifts.map((level) => `${level.skuId}: ${level.drift}`);
  }
}

function look(o: Resting): Promise<Level[]> {
  return readLevels(
    o.env,
    o.skus.map((sku) => sku.skuId),
  );
}
