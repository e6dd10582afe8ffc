import { expect, test } from '@jest/globals';
import { METRICS, type MetricDefinition } from './metric-catalogue.js';
import { prometheusName, seriesNames } from './metric-names.js';
import { counters, gauges, Histogram, histograms } from './metrics.js';

test('a series is the same for the same labels, and counts for itself', () => {
  const outcomes = counters('spillway.order.creates');
  outcomes.of('PLACED').add();
  outcomes.of('PLACED').add(2);
  outcomes.of('SOLD_OUT').add();
  expect(outcomes.of('PLACED').read()).toBe(3);
  expect(outcomes.of('SOLD_OUT').labels).toEqual({ outcome: 'SOLD_OUT' });
});

test('what others count is added when somebody asks', () => {
  let refused = 0;
  const counter = counters('spillway.batch.refused').of('test.a');
  counter.observe(() => refused);
  counter.observe(() => 10);
  refused = 5;
  expect(counter.read()).toBe(15);
});

test('a gauge tells nothing before something is known', () => {
  const gauge = gauges('spillway.outbox.lag').of();
  expect(gauge.read()).toBeUndefined();
  gauge.set(0);
  expect(gauge.read()).toBe(0);
});

test('a histogram puts a value into the first bucket that holds it', () => {
  const histogram = new Histogram({}, [1, 2, 4]);
  for (const value of [0, 1, 1.5, 4, 5]) histogram.record(value);
  expect(histogram.counts).toEqual([2, 1, 1, 1]);
  expect([histogram.count, histogram.sum]).toEqual([5, 11.5]);
});

test('labels that somebody else chooses cannot make series without end', () => {
  const routes = histograms('http.server.request.duration');
  for (let i = 0; i < 10_000; i++) routes.of('GET', `/made/up/${i}`, '404').record(1);
  const all = routes.series;
  expect(all.length).toBe(501);
  const last = all.at(-1);
  expect(last?.labels['http_route']).toBe('other');
  expect(last?.count).toBe(9_500);
});

test.each([
  ['rpc.server.call.duration', 'rpc_server_call_duration_seconds'],
  ['spillway.order.creates', 'spillway_order_creates_total'],
  ['spillway.mysql.row_lock.time', 'spillway_mysql_row_lock_time_seconds_total'],
  ['process.memory.usage', 'process_memory_usage_bytes'],
  ['spillway.rpc.active', 'spillway_rpc_active'],
] as const)('%s is %s in Prometheus', (name, expected) => {
  expect(prometheusName(name, METRICS[name])).toBe(expected);
});

const DEFINITIONS = Object.entries<MetricDefinition>(METRICS);

test('no two metrics share a name in Prometheus', () => {
  const names = DEFINITIONS.flatMap(([name, definition]) => seriesNames(name, definition));
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test.each(DEFINITIONS)('%s is well formed', (name, { kind, unit, labels, help, bounds }) => {
  expect(name).toMatch(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/);
  expect(unit).toMatch(/^(s|By|1|\{[a-z]+\})$/);
  expect(help).toMatch(/^[A-Z0-9].{10,}[^.]$/);
  for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
  // Ids make a series each.
  expect(labels.filter((label) => /(order|user|sku|payment|request)_id/.test(label))).toEqual([]);
  expect(kind === 'histogram').toBe(bounds !== undefined);
  expect(bounds ?? []).toEqual([...(bounds ?? [])].sort((a, b) => a - b));
});
