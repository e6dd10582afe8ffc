// The tables of docs/benchmarks.md, in Markdown. Pure.
import type { Figures, WholeBenchResult } from '../bench-result.js';
import { STRATEGY_TITLES, type StrategyName } from '../strategies/strategy.js';
import { n } from '../table.js';
import { MEASUREMENTS } from '../whole/parts.js';
import { DIMENSION_TITLES, percent, TITLES } from '../whole/table.js';

export function benchmarkTables(result: WholeBenchResult): string {
  return [
    ...provenance(result),
    ...operations(result),
    ...strategies(result),
    ...growth(result),
  ].join('\n');
}

function provenance({ machine, versions, options }: WholeBenchResult): string[] {
  const { cores, cpu, memory_gib: memory, os, others_share_max: others } = machine;
  const commit = versions.commit === undefined ? '' : `, commit ${versions.commit}`;
  const busy = others === undefined ? '' : ` Other work took up to ${percent(others)} of it.`;
  return [
    `Machine: ${cores} processors (${cpu}), ${memory} GiB, ${os}, generator included.${busy}`,
    `Versions: Node ${versions.node}, Redis ${versions.redis}, MySQL ${versions.mysql}${commit}.`,
    '',
    `Command: \`${options.command}\` (${options.rounds} rounds of ${options.seconds} s each)`,
    '',
  ];
}

function operations(result: WholeBenchResult): string[] {
  const { limit } = result;
  const measured = MEASUREMENTS.flatMap((name) => {
    const figures = result[name];
    return figures === undefined ? [] : [{ name, figures }];
  });
  if (measured.length === 0) return [];
  const made = `generator ${limit?.generator_us.toFixed(0) ?? ''}`;
  const unit =
    limit === undefined
      ? []
      : [row(['an empty grpc-js call', n(limit.per_second), micros(limit), '1.00', '', '', made])];
  return [
    '![Cost of each operation](charts/cost.svg)',
    '',
    row(['Operation', 'per s', 'µs CPU (spread)', 'x empty', 'p50 ms', 'p99 ms', 'where, µs']),
    rule(7),
    ...unit,
    ...measured.map(({ name, figures }) => row([TITLES[name], ...cells(figures)])),
    '',
  ];
}

function cells(figures: Figures): string[] {
  const parts = Object.entries(figures.cpu_us_by_process ?? {});
  return [
    n(figures.per_second),
    micros(figures),
    figures.ratio_to_limit?.toFixed(2) ?? '',
    figures.p50_ms.toFixed(1),
    figures.p99_ms.toFixed(1),
    parts.map(([kind, cost]) => `${kind} ${cost.toFixed(0)}`).join(', '),
  ];
}

function micros(o: { cpu_us?: number; cpu_us_spread?: [number, number] }): string {
  if (o.cpu_us === undefined) return '';
  const spread = o.cpu_us_spread?.map((value) => value.toFixed(0)).join(' to ');
  return `${o.cpu_us.toFixed(0)} (${spread ?? ''})`;
}

function strategies({ strategies: all = [] }: WholeBenchResult): string[] {
  if (all.length === 0) return [];
  return [
    '![Strategies for one hot SKU](charts/strategies.svg)',
    '',
    row([
      'One hot SKU',
      'buyers',
      'orders/s',
      'success',
      'p50 ms',
      'p99 ms',
      'oversold',
      'correct',
    ]),
    rule(8),
    ...all.map((each) =>
      row([
        STRATEGY_TITLES[each.strategy as StrategyName] ?? each.strategy,
        n(each.concurrency),
        n(each.accepted_per_second),
        percent(each.success_share),
        each.p50_ms.toFixed(1),
        each.p99_ms.toFixed(1),
        n(each.oversold),
        percent(each.correct_share),
      ]),
    ),
    '',
  ];
}

function growth({ growth: points = [] }: WholeBenchResult): string[] {
  if (points.length === 0) return [];
  return [
    '![Cost of an order when something is larger](charts/growth.svg)',
    '',
    row(['What is larger', 'value', 'orders/s', 'µs CPU (spread)', 'x empty']),
    rule(5),
    ...points.map(({ dimension, value, create_order: figures }) =>
      row([
        DIMENSION_TITLES[dimension],
        n(value),
        n(figures.per_second),
        micros(figures),
        figures.ratio_to_limit?.toFixed(2) ?? '',
      ]),
    ),
    '',
  ];
}

export function row(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`;
}

/** The first column is words, the others are numbers. */
export function rule(columns: number): string {
  return `|---|${'---:|'.repeat(columns - 1)}`;
}
