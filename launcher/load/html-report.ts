// One run as a page that needs nothing beside itself: numbers, promises, and four charts over time.
// The chart library and the data are written into it, so it can be mailed or kept as an artifact.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SCENARIOS } from '../../loadtest/plan/scenario-table.js';
import { ROOT } from '../paths.js';
import type { Promised } from './k6-summary.js';
import type { LoadResult } from './load-result.js';
import type { Timeline } from './timeline.js';

const UPLOT = path.join(ROOT, 'node_modules', 'uplot', 'dist');

interface Chart {
  readonly title: string;
  readonly unit: string;
  /** Seconds. */
  readonly at: readonly number[];
  readonly series: readonly { name: string; values: readonly (number | null)[] }[];
}

export function htmlReport(result: LoadResult, timeline: Timeline): string {
  const { scenario } = result;
  const script = readFileSync(path.join(UPLOT, 'uPlot.iife.min.js'), 'utf8');
  const style = readFileSync(path.join(UPLOT, 'uPlot.min.css'), 'utf8');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(scenario)}: ${result.ok ? 'kept' : 'broken'}</title>
<style>${style}${STYLE}</style>
<h1>${escapeHtml(scenario)} <span class="${result.ok ? 'good' : 'bad'}">${
    result.ok ? 'every promise was kept' : 'promises were broken'
  }</span></h1>
<p>${escapeHtml(SCENARIOS[scenario].shows)}.<br>
${result.size.rate} arrivals per second for ${result.size.seconds} s, ${result.size.skus} SKUs of
${result.size.units} units, seed ${result.seed}, k6 ${escapeHtml(result.k6.version)}.</p>
<div class="numbers">${numbersOf(result).map(numberHtml).join('')}</div>
<div id="charts"></div>
<h2>What k6 promised itself</h2>
${tableHtml([...result.thresholds, ...result.checks])}
<h2>What the books say</h2>
${tableHtml(result.verdict)}
<h2>Answers by operation</h2>
${operationsHtml(result)}
<script>${script}</script>
<script>const charts = ${asScript(chartsOf(timeline))};${DRAW}</script>
</html>
`;
}

function chartsOf(timeline: Timeline): Chart[] {
  const { at, outcomes, stock, batches } = timeline;
  const seen = Object.entries(outcomes).filter(([, values]) => values.some((value) => value > 0));
  return [
    {
      title: 'Answers per second',
      unit: '/s',
      at,
      series: seen.map(([name, values]) => ({ name: name.toLowerCase(), values })),
    },
    {
      title: 'Time to an answer of CreateOrder',
      unit: ' ms',
      at,
      series: [
        { name: 'p50', values: timeline.p50 },
        { name: 'p99', values: timeline.p99 },
      ],
    },
    {
      title: 'Units left',
      unit: '',
      at: stock.at,
      series: [{ name: 'available', values: stock.available }],
    },
    {
      title: 'Batch sizes',
      unit: '',
      at: batches.at,
      series: Object.entries(batches.sizes).map(([name, values]) => ({ name, values })),
    },
  ];
}

function numbersOf(result: LoadResult): [name: string, value: number, bad: boolean][] {
  const total = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, value) => sum + value, 0);
  return [
    ['accepted', result.accepted, false],
    ['duplicate', result.duplicate, false],
    ['refused', total(result.refused), false],
    ['paid', result.paid, false],
    ['cancelled', result.cancelled, false],
    ['failed', total(result.failed), total(result.failed) > 0],
    ['dropped', result.dropped, result.dropped > 0],
    ['oversold', result.oversold, result.oversold > 0],
  ];
}

function numberHtml([name, value, bad]: [string, number, boolean]): string {
  const shown = value.toLocaleString('en-US');
  return `<div><b${bad ? ' class="bad"' : ''}>${shown}</b>${escapeHtml(name)}</div>`;
}

function tableHtml(promised: readonly Promised[]): string {
  const rows = promised.map(({ name, ok, detail }) => {
    const mark = ok ? '<td class="good">kept' : '<td class="bad">broken';
    return `<tr>${mark}<td>${escapeHtml(name)}<td>${escapeHtml(detail)}`;
  });
  return `<table>${rows.join('\n')}</table>`;
}

function operationsHtml(result: LoadResult): string {
  const rows = result.operations.map((one) => {
    const outcomes = Object.entries(one.outcomes).map(([name, count]) => `${name} ${count}`);
    const ms = [one.p50_ms, one.p99_ms, one.max_ms].map((value) => `<td class="n">${value}`);
    const name = `${one.operation} (${one.protocol})`;
    return `<tr><td>${escapeHtml(name)}<td>${escapeHtml(outcomes.join(', '))}${ms.join('')}`;
  });
  return `<table><tr><th>operation<th>outcomes<th>p50 ms<th>p99 ms<th>max ms${rows.join('\n')}</table>`;
}

/** Nothing in the data can end the script element. */
function asScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222}
h1 span{font-size:.6em;font-weight:normal;margin-left:.5em}
.good{color:#17733a}.bad{color:#b3261e}
.numbers{display:flex;flex-wrap:wrap;gap:1.5em;margin:1em 0}
.numbers b{display:block;font-size:1.5em}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2em .6em;
border-bottom:1px solid #ddd;vertical-align:top}.n{text-align:right}
`;

const DRAW = `
const colours = ['#17733a', '#1f5fbf', '#b36b00', '#7a3fa0', '#555', '#0d8a8a', '#b3261e'];
for (const { title, unit, at, series } of charts) {
  const place = document.getElementById('charts').appendChild(document.createElement('div'));
  const lines = series.map(({ name }, i) => ({
    label: name,
    stroke: colours[i % colours.length],
    width: 2,
    spanGaps: true,
    value: (_, v) => (v == null ? '' : v + unit),
  }));
  new uPlot({
    title,
    width: Math.min(920, document.body.clientWidth),
    height: 240,
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.05)] } },
    axes: [{ values: (_, all) => all.map((s) => s + ' s') }, { size: 100 }],
    series: [{ label: 'second' }, ...lines],
  }, [at, ...series.map(({ values }) => values)], place);
}
`;
