// Promise: every metric of the catalogue is told by a running mesh, nothing else is, and the numbers are
// those of what happened.
// Method: a sale of three units to five buyers, two of whom pay; all processes are scraped before and
// after.
import { expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import {
  METRICS,
  type MetricDefinition,
} from '../../services/platform/telemetry/metric-catalogue.js';
import { seriesNames } from '../../services/platform/telemetry/metric-names.js';
import { nameOf, type Samples, scrape, total } from '../harness/scrape.js';
import { crowd, eventually, fresh, Shop, wordOf } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const NAMES = Object.entries<MetricDefinition>(METRICS).flatMap(([name, definition]) =>
  seriesNames(name, definition),
);
/** The exporter's own, about the process. */
const EXPORTER = ['target_info'];
/** Looks come every five seconds; a busy machine gives them longer. */
const LOOKS_MS_MAX = 30_000;

export function measured(mesh: () => TestMesh): void {
  const scrapeAll = (): Promise<Samples[]> =>
    Promise.all(Object.values(mesh().metrics).map(scrape));
  const untold = (all: Samples[]) => {
    const told = new Set(all.flatMap((samples) => [...samples.keys()].map(nameOf)));
    return NAMES.filter((name) => !told.has(name));
  };

  test('a sale shows in the numbers', async () => {
    const shop = new Shop(mesh().clients);
    const skuId = await shop.sells(3);
    const before = await scrapeAll();
    const bought = await crowd([1, 2, 3, 4, 5], 1, () =>
      shop.buy({ user: fresh('user'), request: fresh('r'), basket: { [skuId]: 1 } }),
    );
    expect(bought.map(wordOf).sort()).toEqual([
      ...Array<string>(3).fill('ORDERED'),
      ...Array<string>(2).fill('SOLD_OUT'),
    ]);
    for (const one of bought.filter((each) => 'order' in each).slice(0, 2)) {
      await shop.pay(one.order);
      await shop.becomes(one.order.orderId, OrderState.PAID);
    }
    const after = await scrapeAll();
    const grew = (name: string, ...words: string[]) =>
      total(after, name, ...words) - total(before, name, ...words);
    expect({
      placed: grew('spillway_order_creates_total', '"PLACED"'),
      soldOut: grew('spillway_order_creates_total', '"SOLD_OUT"'),
      calls: grew('rpc_server_call_duration_seconds_count', 'OrderService/CreateOrder'),
      refused: grew('rpc_server_call_duration_seconds_count', 'CreateOrder', 'FAILED_PRECONDITION'),
      granted: grew('spillway_gate_units_total', 'granted'),
      settled: grew('spillway_settle_units_total'),
    }).toEqual({
      placed: 3,
      soldOut: 2,
      calls: 5,
      refused: 2,
      granted: 3,
      settled: 3,
    });
    // At least: a payment of an earlier story may be decided just now.
    expect(grew('spillway_order_transitions_total', '"PAID"')).toBeGreaterThanOrEqual(2);
    expect(grew('spillway_payment_transitions_total', '"SUCCEEDED"')).toBeGreaterThanOrEqual(2);
  });

  test(
    'every metric of the catalogue is told, and no other',
    async () => {
      let all: Samples[] = [];
      await eventually(
        () => `nobody tells ${untold(all).join(', ')}`,
        async () => {
          all = await scrapeAll();
          return untold(all).length === 0;
        },
        LOOKS_MS_MAX,
      );
      const told = new Set(all.flatMap((samples) => [...samples.keys()].map(nameOf)));
      expect([...told].filter((name) => !NAMES.includes(name))).toEqual(EXPORTER);
      expect(total(all, 'spillway_stock_unbalanced')).toBe(0);
    },
    LOOKS_MS_MAX + 10_000,
  );
}
