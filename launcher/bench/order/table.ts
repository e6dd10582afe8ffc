// The order service's part of the benchmark for people. Pure.
import type { Paint } from '../../audit/render.js';
import type { OpenFigures, OrderBenchResult, OrderFigures } from '../bench-result.js';
import {
  figureLines,
  heading,
  limitLines,
  machineLines,
  NAME_WIDTH,
  n,
  warnings,
} from '../table.js';

const ORDER_TITLES: Record<keyof OrderFigures, string> = {
  create_order: 'ordered: reserved, stored, payable',
  create_order_limited: 'ordered, with a limit per buyer',
  sold_out: 'told that it is sold out',
  duplicate: 'told what was ordered before',
  get_order: 'GetOrder',
  ship_order: 'shipped',
  deliver_order: 'delivered',
  cancel_order: 'cancelled before it was paid',
};

export function renderOrderBench(result: OrderBenchResult, paint: Paint): string {
  const { limit, growth } = result;
  const titles = Object.entries(ORDER_TITLES) as [keyof OrderFigures, string][];
  return [
    '',
    ...machineLines(result, paint),
    '',
    heading(limit !== undefined, paint),
    ...limitLines(limit, paint),
    ...titles.flatMap(([name, title]) => figureLines(title, result[name], paint)),
    '',
    ...result.open_loop.flatMap((promise) => promiseLines(promise, paint)),
    ...growth.flatMap((level) => [
      '',
      `  Beside ${n(level.past_orders)} past orders:`,
      ...limitLines(level.limit, paint),
      ...figureLines(ORDER_TITLES.create_order, level.create_order, paint),
      ...figureLines(ORDER_TITLES.get_order, level.get_order, paint),
      ...figureLines(ORDER_TITLES.ship_order, level.ship_order, paint),
    ]),
    ...warnings(result, paint),
  ].join('\n');
}

function promiseLines(figures: OpenFigures, paint: Paint): string[] {
  const { operation, rate_per_second: rate, p99_ms: p99, p99_ms_promised: promised } = figures;
  const name = `${ORDER_TITLES[operation].split(':')[0]}, ${n(rate)} a second by the clock`;
  const times = [figures.p50_ms, p99].map((ms) => ms.toFixed(1).padStart(9)).join('');
  const line = `  ${name.padEnd(NAME_WIDTH)}${n(figures.per_second).padStart(9)}${times}`;
  const kept = p99 < promised && figures.dropped === 0;
  const word = kept ? 'kept' : `broken, ${n(figures.dropped)} not sent`;
  const promise = `    promised: 99 of 100 within ${promised} ms: ${word}`;
  return [line, kept ? paint.dim(promise) : paint.bad(promise)];
}
