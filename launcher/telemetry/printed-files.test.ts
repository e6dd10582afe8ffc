// What is checked in is what the catalogue, the alerts and the dashboards say now, and they speak of
// nothing that does not exist.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  METRICS,
  type MetricDefinition,
} from '../../services/platform/telemetry/metric-catalogue.js';
import { prometheusName, seriesNames } from '../../services/platform/telemetry/metric-names.js';
import { ROOT } from '../paths.js';
import { ALERTS } from './alert-files.js';
import { DASHBOARDS, printedFiles } from './printed-files.js';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

test.each(Object.entries(printedFiles()))('%s is current: scripts/telemetry.mjs', (file, text) => {
  expect(read(file)).toBe(text);
});

/** What Prometheus itself adds. */
const GIVEN_SERIES = ['up'];
const GIVEN_LABELS = ['le', 'job', 'instance'];

const labelsOf = new Map<string, readonly string[]>();
for (const [name, definition] of Object.entries<MetricDefinition>(METRICS)) {
  for (const series of seriesNames(name, definition)) labelsOf.set(series, definition.labels);
}

/** The words of an expression that are neither text, nor functions, nor durations. */
function wordsOf(expr: string): string[] {
  const bare = expr.replace(/"[^"]*"/g, '').replace(/\[[^\]]*\]/g, '');
  const words = bare.match(/[a-z_][a-z0-9_]*(?!\w*\s*\()/gi) ?? [];
  return words.filter((word) => !['by', 'sum', 'rate', 'max'].includes(word));
}

function unknownWords(expr: string): string[] {
  const words = wordsOf(expr);
  const series = words.filter((word) => labelsOf.has(word) || GIVEN_SERIES.includes(word));
  const labels = new Set([...series.flatMap((name) => labelsOf.get(name) ?? []), ...GIVEN_LABELS]);
  return words.filter((word) => !series.includes(word) && !labels.has(word));
}

const expressions: [string, string][] = [
  ...ALERTS.map(({ name, expr }): [string, string] => [name, expr]),
  ...DASHBOARDS.flatMap(({ title, rows }) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap((panel) =>
        Object.entries(panel.lines).map(([legend, expr]): [string, string] => [
          `${title}: ${panel.title}: ${legend}`,
          expr,
        ]),
      ),
    ),
  ),
];

test.each(expressions)('%s asks for metrics and labels that exist', (_, expr) => {
  expect(wordsOf(expr).some((word) => labelsOf.has(word) || word === 'up')).toBe(true);
  expect(unknownWords(expr)).toEqual([]);
});

test.each([
  ['sum(rate(spillway_order_made_up_total[5m]))', ['spillway_order_made_up_total']],
  ['max by (sku_id) (spillway_stock_low)', ['sku_id']],
  ['rate(spillway_order_age_seconds[5m])', ['spillway_order_age_seconds']],
])('%s is caught', (expr, unknown) => {
  expect(unknownWords(expr)).toEqual(unknown);
});

test('every metric is on a dashboard or in an alert', () => {
  const asked = new Set(expressions.flatMap(([, expr]) => wordsOf(expr)));
  const unasked = Object.entries<MetricDefinition>(METRICS)
    .filter(([name, definition]) => !seriesNames(name, definition).some((one) => asked.has(one)))
    .map(([name, definition]) => prometheusName(name, definition));
  // Asked for by people, with curl.
  expect(unasked).toEqual([
    'nodejs_eventloop_delay_p50_seconds',
    'nodejs_eventloop_delay_max_seconds',
    'process_uptime_seconds',
  ]);
});

describe('docs/operations.md', () => {
  const page = read('docs/operations.md');
  const sections = new Map(
    page.split(/^### /m).map((text) => [text.split('\n', 1)[0]?.trim(), text]),
  );

  test.each(ALERTS.map(({ name }) => [name]))('has a runbook for %s', (name) => {
    const section = sections.get(name) ?? '';
    for (const part of ['**Means.**', '**Look at.**', '**Do.**']) expect(section).toContain(part);
  });

  test('has no runbook without an alert', () => {
    const runbooks = [...sections.keys()].filter((title) => title?.startsWith('Spillway'));
    expect(new Set(runbooks)).toEqual(new Set(ALERTS.map(({ name }) => name)));
  });
});
