// Counts the states that orders enter, and how old the orders are by then.

import { counters, histograms } from '../../platform/telemetry/metrics.js';
import type { Order } from '../domain/order.js';

const transitions = counters('spillway.order.transitions');
const ages = histograms('spillway.order.age');

/** Results of a batch; those that moved no order are passed over. */
export function countTransitions(results: readonly unknown[]): void {
  for (const result of results) if (isMove(result)) countOne(result.order);
}

interface Move {
  readonly outcome: 'COMMITTED' | 'CHANGED';
  readonly order: Order;
}

function isMove(result: unknown): result is Move {
  if (typeof result !== 'object' || result === null || !('outcome' in result)) return false;
  return result.outcome === 'COMMITTED' || result.outcome === 'CHANGED';
}

function countOne({ state, createdMs, updatedMs }: Order): void {
  transitions.of(state).add();
  ages.of(state).record(Math.max(0, updatedMs - createdMs) / 1_000);
}
