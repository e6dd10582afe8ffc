// The result for people: what happened, in the order in which one wants to know it. Pure.
import { type Paint, renderAudit } from '../audit/render.js';
import type { CpuResult, DemoResult } from './demo-result.js';
import { drawStock, type StockSample } from './stock-curve.js';

const PLOT = { width: 60, height: 6 };

export function renderDemo(
  result: DemoResult,
  curve: readonly StockSample[],
  paint: Paint,
): string {
  return [
    '',
    headline(result, paint),
    '',
    '  Units left of the hot SKU:',
    ...drawStock(curve, result.hot.units, PLOT),
    '',
    ...orderLines(result, paint),
    '',
    ...callbackLines(result, paint),
    ...unitLines(result, paint),
    '',
    ...speedLines(result, paint),
    '',
    'Is one unit or one cent missing?',
    renderAudit(result.audit, paint),
    ...result.broken.map((sentence) => `\n${paint.bad('✗')} ${sentence}`),
  ].join('\n');
}

function headline(result: DemoResult, paint: Paint): string {
  const { hot } = result;
  const text =
    `${n(result.buyers)} buyers came for ${n(hot.units)} units of one hot SKU and for ordinary ` +
    `ones. ${n(hot.sold)} hot units were sold.`;
  return result.ok ? paint.good(text) : paint.bad(text);
}

type Row = [name: string, value: number, remark: string];

function orderLines(result: DemoResult, paint: Paint): string[] {
  const otherwise = Object.entries(result.refused_otherwise);
  const rows: Row[] = [
    ['orders accepted', result.accepted, `MySQL has ${n(result.orders_in_mysql)}`],
    ['  paid', result.paid, ''],
    ['  cancelled', result.cancelled, 'units back on sale'],
    ['  expired', result.expired, 'never paid; units back on sale'],
    ['  refunded', result.refunded, 'paid, then cancelled; money and units back'],
    ...only(result.pending, ['  unpaid', result.pending, 'still waiting']),
    ['refused as sold out', result.sold_out, ''],
    ...otherwise.map(([reason, value]): Row => ['refused', value, reason]),
    ['duplicates', result.duplicates_answered, 'requests sent twice: the same order both times'],
    ...only(result.failed, ['no answer', result.failed, 'whatever they tried']),
    ...Object.entries(result.troubles).map(([what, value]): Row => ['trouble', value, what]),
  ];
  return rows.map((row) => rowText(row, paint));
}

function callbackLines({ callbacks }: DemoResult, paint: Paint): string[] {
  if (callbacks === undefined) return [];
  const { events, duplicated, lost, found_by_asking: found } = callbacks;
  const rows: Row[] = [
    ['callbacks', events, 'of the payment provider'],
    ['  came twice', duplicated, 'taken once'],
    ['  were lost', lost, `${n(found)} found by asking the provider`],
  ];
  return [...rows.map((row) => rowText(row, paint)), ''];
}

function unitLines(result: DemoResult, paint: Paint): string[] {
  const { hot } = result;
  const rows: Row[] = [
    ['hot units sold', hot.sold, `of ${n(hot.units)}; ${n(hot.demand)} were wanted`],
    ['all units left', result.units_left, `of ${n(result.units)}`],
    ['oversold', result.oversold, ''],
  ];
  return rows.map((row) => rowText(row, paint));
}

function speedLines(result: DemoResult, paint: Paint): string[] {
  const { latency_ms: ms } = result;
  const rows: Row[] = [
    [
      'answers per second',
      Math.round(result.requests_per_second),
      `${n(result.concurrency)} calls at a time, from one process, for ${result.rush_seconds} s`,
    ],
    ['orders per second', Math.round(result.orders_per_second), 'durable in MySQL when answered'],
  ];
  const times = `p50 ${ms.p50} ms   p90 ${ms.p90} ms   p99 ${ms.p99} ms   max ${ms.max} ms`;
  return [
    ...rows.map((row) => rowText(row, paint)),
    `  ${'time to an answer'.padEnd(NAME_WIDTH)}   ${times}`,
    ...(result.cpu === undefined ? [] : cpuLines(result.cpu, paint)),
  ];
}

function cpuLines(cpu: CpuResult, paint: Paint): string[] {
  const parts = cpu.by_process
    .filter((part) => part.micros_per_request >= 0.5)
    .map((part) => `${part.name} ${Math.round(part.micros_per_request)}`);
  const ratio =
    `${cpu.empty_calls_per_request.toFixed(1)} times an empty grpc-js call ` +
    `(${cpu.micros_per_empty_call.toFixed(0)} µs)`;
  return [
    rowText(['processor µs per answer', Math.round(cpu.micros_per_request), ratio], paint),
    paint.dim(`  ${''.padEnd(NAME_WIDTH)}   ${parts.join(', ')}`),
  ];
}

const NAME_WIDTH = 24;
const VALUE_WIDTH = 8;

function rowText([name, value, remark]: Row, paint: Paint): string {
  const text = `  ${name.padEnd(NAME_WIDTH)} ${n(value).padStart(VALUE_WIDTH)}`;
  return remark === '' ? text : `${text}   ${paint.dim(remark)}`;
}

function only(value: number, row: Row): Row[] {
  return value === 0 ? [] : [row];
}

/** 1234567 -> 1,234,567, whatever the machine's locale is. */
function n(value: number): string {
  return value.toLocaleString('en-US');
}
