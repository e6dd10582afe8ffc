// How big a run is: the scenario's own size, and what the options change of it. Pure.
import {
  SCENARIOS,
  type ScenarioName,
  type ScenarioSize,
} from '../../loadtest/plan/scenario-table.js';

export interface SizeOptions {
  readonly short: boolean;
  /** Undefined: the scenario's own. */
  readonly rate?: number | undefined;
  readonly seconds?: number | undefined;
}

/**
 * With more arrivals a scarce SKU gets more units in proportion, so that it stays as scarce: the
 * point of the scenario is its ratio of buyers to units.
 */
export function sizeOf(name: ScenarioName, o: SizeOptions): ScenarioSize {
  const scenario = SCENARIOS[name];
  const own = o.short ? scenario.short : scenario.full;
  const rate = o.rate ?? own.rate;
  const seconds = o.seconds ?? own.seconds;
  const times = (rate * seconds) / (own.rate * own.seconds);
  const units = scenario.sellsOut ? Math.max(1, Math.round(own.units * times)) : own.units;
  return { rate, seconds, skus: own.skus, units };
}
