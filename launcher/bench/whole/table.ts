// The whole benchmark for people: operations, strategies, growth. Pure.
import type { Paint } from '../../audit/render.js';
import type {
  GrowthDimension,
  GrowthPoint,
  StrategyFigures,
  WholeBenchResult,
  WholeFigures,
} from '../bench-result.js';
import { STRATEGY_TITLES, type StrategyName } from '../strategies/strategy.js';
import {
  figureLines,
  heading,
  limitLines,
  machineLines,
  NAME_WIDTH,
  n,
  warnings,
} from '../table.js';
import { MEASUREMENTS } from './parts.js';

export const TITLES: Record<keyof WholeFigures, string> = {
  create_order: 'ordered: reserved, stored, payable',
  sold_out: 'told that it is sold out',
  duplicate: 'told what was ordered before',
  get_order: 'GetOrder',
  get_stock: 'GetStock',
  cancel_order: 'cancelled before it was paid',
  paid_order: 'ordered, charged, paid, confirmed',
  naive: 'ordered, nothing in batches',
};

export const DIMENSION_TITLES: Record<GrowthDimension, string> = {
  past_orders: 'past orders',
  skus: 'SKUs',
  lines: 'lines of an order',
  users: 'buyers',
  processes: 'service processes',
  redis_masters: 'Redis masters',
  mysql_servers: 'MySQL servers',
};

export function renderWholeBench(result: WholeBenchResult, paint: Paint): string {
  const { limit, strategies = [], growth = [] } = result;
  const measured = MEASUREMENTS.filter((name) => result[name] !== undefined);
  return [
    '',
    ...machineLines(result, paint),
    ...(measured.length === 0 ? [] : ['', heading(limit !== undefined, paint)]),
    ...limitLines(limit, paint),
    ...measured.flatMap((name) => {
      const figures = result[name];
      return figures === undefined ? [] : figureLines(TITLES[name], figures, paint);
    }),
    ...strategyLines(strategies, paint),
    ...growthLines(growth, paint),
    ...(measured.length === 0 ? [] : warnings(result, paint)),
  ].join('\n');
}

function strategyLines(strategies: readonly StrategyFigures[], paint: Paint): string[] {
  const concurrencies = [...new Set(strategies.map((each) => each.concurrency))];
  const columns = ['per s', 'success', 'p50 ms', 'p99 ms', 'oversold', 'correct'];
  const head = columns.map((column) => column.padStart(9)).join('');
  return concurrencies.flatMap((concurrency) => [
    '',
    `  One hot SKU, ${n(concurrency)} buyers at a time:`,
    paint.dim(`  ${''.padEnd(NAME_WIDTH)}${head}`),
    ...strategies
      .filter((each) => each.concurrency === concurrency)
      .map((each) => {
        const cells = [
          n(each.accepted_per_second),
          percent(each.success_share),
          each.p50_ms.toFixed(1),
          each.p99_ms.toFixed(1),
          n(each.oversold),
          percent(each.correct_share),
        ];
        const title = STRATEGY_TITLES[each.strategy as StrategyName] ?? each.strategy;
        const line = `  ${title.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(9)).join('')}`;
        return each.oversold + each.lost > 0 ? paint.bad(line) : line;
      }),
  ]);
}

function growthLines(growth: readonly GrowthPoint[], paint: Paint): string[] {
  if (growth.length === 0) return [];
  return [
    '',
    '  An order when something is larger:',
    heading(true, paint),
    ...growth.flatMap(({ dimension, value, create_order: figures }) => {
      const [line] = figureLines(`${DIMENSION_TITLES[dimension]}: ${n(value)}`, figures, paint);
      return line === undefined ? [] : [line];
    }),
  ];
}

/** 99.99 % is not 100 %. */
export function percent(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(share === 1 ? 0 : 2)} %`;
}
