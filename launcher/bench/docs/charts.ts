// The charts of a result: what an operation costs and where, the strategies side by side, and
// growth. Pure. A part that was not measured has no chart.
import { type Figures, GROWTH_DIMENSIONS, type WholeBenchResult } from '../bench-result.js';
import { STRATEGY_TITLES, type StrategyName } from '../strategies/strategy.js';
import { n } from '../table.js';
import { MEASUREMENTS } from '../whole/parts.js';
import { DIMENSION_TITLES, TITLES } from '../whole/table.js';
import { type Bar, renderBarChart } from './bar-chart.js';

/** Everything else is small enough to be one. */
const KINDS = ['order', 'inventory', 'payment', 'gateway', 'mysql', 'redis', 'others'];
const NOT_COUNTED = ['generator', 'sandbox'];
/** It is so much dearer that the others would be slivers beside it. */
const OFF_THE_CHART = 'naive';

/** File names in docs/charts. */
export function chartsOf(result: WholeBenchResult): Map<string, string> {
  const charts = new Map<string, string>();
  if (result.create_order?.cpu_us !== undefined) charts.set('cost.svg', costChart(result));
  if (result.strategies !== undefined) charts.set('strategies.svg', strategyChart(result));
  if (result.growth !== undefined) charts.set('growth.svg', growthChart(result));
  return charts;
}

function costChart(result: WholeBenchResult): string {
  const names = MEASUREMENTS.filter((name) => name !== OFF_THE_CHART);
  const bars = names.flatMap((name): Bar[] => {
    const figures = result[name];
    if (figures?.cpu_us === undefined) return [];
    const ratio = figures.ratio_to_limit;
    const times = ratio === undefined ? '' : ` (${ratio.toFixed(2)} x)`;
    const note = `${figures.cpu_us.toFixed(0)} µs${times}`;
    return [{ label: TITLES[name], values: split(figures), note }];
  });
  const micros = result.limit?.cpu_us ?? 0;
  const unit = { label: 'an empty grpc-js call', values: [0, 0, 0, 0, 0, 0, micros] };
  return renderBarChart({
    title: 'What an operation costs',
    subtitle: 'Microseconds of processor time of all processes; x is a multiple of an empty call',
    series: KINDS,
    groups: [{ title: '', bars: [{ ...unit, note: `${micros.toFixed(0)} µs (1 x)` }, ...bars] }],
  });
}

/** By kind; what is not told by name is `others`, so that the bars are as long as the cost. */
function split({ cpu_us: total = 0, cpu_us_by_process: kinds = {} }: Figures): number[] {
  const named = KINDS.slice(0, -1).map((kind) => kinds[kind] ?? 0);
  const rest = Object.entries(kinds)
    .filter(([kind]) => !KINDS.includes(kind) && !NOT_COUNTED.includes(kind))
    .reduce((sum, [, micros]) => sum + micros, 0);
  // Medians of parts need not add up to the median of the whole.
  const parts = [...named, rest];
  const sum = parts.reduce((all, part) => all + part, 0);
  return sum === 0 ? parts : parts.map((part) => (part * total) / sum);
}

function strategyChart({ strategies = [] }: WholeBenchResult): string {
  const concurrencies = [...new Set(strategies.map((each) => each.concurrency))];
  return renderBarChart({
    title: 'One hot SKU: orders a second that stand in the database',
    subtitle: 'Ours are whole orders with their payment intents; the others write one row each',
    series: ['accepted'],
    groups: concurrencies.map((concurrency) => ({
      title: `${n(concurrency)} buyers at a time`,
      bars: strategies
        .filter((each) => each.concurrency === concurrency)
        .map((each) => {
          const wrong = each.oversold > 0 ? `, ${n(each.oversold)} oversold` : '';
          return {
            label: STRATEGY_TITLES[each.strategy as StrategyName] ?? each.strategy,
            values: [each.accepted_per_second],
            note: `${n(each.accepted_per_second)}${wrong}`,
          };
        }),
    })),
  });
}

function growthChart({ growth = [] }: WholeBenchResult): string {
  const groups = GROWTH_DIMENSIONS.map((dimension) => ({
    title: DIMENSION_TITLES[dimension],
    bars: growth
      .filter((point) => point.dimension === dimension)
      .sort((a, b) => a.value - b.value)
      .map(({ value, create_order: { ratio_to_limit: ratio = 0 } }): Bar => {
        return { label: n(value), values: [ratio], note: `${ratio.toFixed(2)} x` };
      }),
  }));
  return renderBarChart({
    title: 'What an order costs when something is larger',
    subtitle: 'Processor time of all processes as a multiple of an empty call measured beside it',
    series: ['cost'],
    groups: groups.filter(({ bars }) => bars.length > 0),
  });
}
