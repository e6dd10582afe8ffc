// The result for people: one line per measurement, the unit first. Pure.
import type { Paint } from '../audit/render.js';
import type {
  BenchHead,
  BenchResult,
  Figures,
  InventoryFigures,
  Limit,
  Machine,
  OrderBenchResult,
  OrderFigures,
} from './bench-result.js';

/** More than this of the machine elsewhere, and rates are those of a smaller machine. */
const OTHERS_SHARE_QUIET = 0.05;

const TITLES: Record<Exclude<keyof InventoryFigures, 'redis_bytes'>, string> = {
  reserve_hot: 'reserved and settled, one hot SKU',
  lua_only: 'the gate alone (Lua), nothing settled',
  naive: 'one call, script and commit for each',
  sold_out: 'told that it is sold out',
  duplicate: 'told what was reserved before',
  confirm: 'confirmed',
  release: 'released',
  get_stock: 'GetStock, one call for each',
};

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

const NAME_WIDTH = 38;

export function renderBench(result: BenchResult, paint: Paint): string {
  const { machine, limit, inventory, growth } = result;
  return [
    '',
    ...machineLines(machine, paint),
    '',
    heading(limit !== undefined, paint),
    ...(limit === undefined ? [] : [limitLine(limit)]),
    ...Object.entries(TITLES).flatMap(([name, title]) =>
      figureLines(title, inventory[name as keyof typeof TITLES], paint),
    ),
    '',
    ...bytesLines(inventory, paint),
    ...growth.flatMap((level) => [
      '',
      `  Beside ${n(level.skus)} SKUs and ${n(level.past_reservations)} past reservations:`,
      ...figureLines('reserved, over many SKUs', level.reserve_spread, paint),
      ...figureLines('reserved, one hot SKU', level.reserve_hot, paint),
      ...figureLines('confirmed', level.confirm, paint),
    ]),
    ...warnings(result, paint),
  ].join('\n');
}

export function renderOrderBench(result: OrderBenchResult, paint: Paint): string {
  const { machine, limit, growth } = result;
  const titles = Object.entries(ORDER_TITLES) as [keyof OrderFigures, string][];
  return [
    '',
    ...machineLines(machine, paint),
    '',
    heading(limit !== undefined, paint),
    ...(limit === undefined ? [] : [limitLine(limit)]),
    ...titles.flatMap(([name, title]) => figureLines(title, result[name], paint)),
    ...growth.flatMap((level) => [
      '',
      `  Beside ${n(level.past_orders)} past orders:`,
      ...(level.limit === undefined ? [] : [limitLine(level.limit)]),
      ...figureLines(ORDER_TITLES.create_order, level.create_order, paint),
      ...figureLines(ORDER_TITLES.get_order, level.get_order, paint),
      ...figureLines(ORDER_TITLES.ship_order, level.ship_order, paint),
    ]),
    ...warnings(result, paint),
  ].join('\n');
}

function machineLines(machine: Machine, paint: Paint): string[] {
  const { cpu, cores, memory_gib: memory, os, node, redis, mysql, commit } = machine;
  const checkout = commit === undefined ? '' : `, commit ${commit}`;
  return [
    `${cores} processors (${cpu}), ${memory} GiB, ${os}`,
    paint.dim(`Node ${node}, Redis ${redis}, MySQL ${mysql}${checkout}`),
  ];
}

function heading(withCpu: boolean, paint: Paint): string {
  const cpu = withCpu ? ['µs each'.padStart(10), 'x empty'.padStart(8)] : [];
  const times = ['p50 ms'.padStart(9), 'p99 ms'.padStart(9)];
  return paint.dim(`  ${''.padEnd(NAME_WIDTH)}${['per s'.padStart(9), ...cpu, ...times].join('')}`);
}

function limitLine({ cpu_us: micros, per_second: rate }: Limit): string {
  const name = 'an empty grpc-js call (server side)'.padEnd(NAME_WIDTH);
  return `  ${name}${n(rate).padStart(9)}${micros.toFixed(1).padStart(10)}${'1.00'.padStart(8)}`;
}

function figureLines(title: string, figures: Figures, paint: Paint): string[] {
  const { cpu_us: micros, ratio_to_limit: ratio } = figures;
  const cpu = [
    ...(micros === undefined ? [] : [micros.toFixed(1).padStart(10)]),
    ...(ratio === undefined ? [] : [ratio.toFixed(2).padStart(8)]),
  ];
  const times = [figures.p50_ms, figures.p99_ms].map((ms) => ms.toFixed(1).padStart(9));
  const line = `  ${title.padEnd(NAME_WIDTH)}${n(figures.per_second).padStart(9)}${cpu.join('')}${times.join('')}`;
  return [line, paint.dim(`    ${details(figures)}`)];
}

function details(figures: Figures): string {
  const [least, most] = figures.per_second_spread;
  const parts = Object.entries(figures.cpu_us_by_process ?? {});
  const split = parts.map(([kind, micros]) => `${kind} ${micros.toFixed(1)}`).join(', ');
  return [`${n(least)} to ${n(most)} per s`, ...(split === '' ? [] : [split])].join('; ');
}

function bytesLines({ redis_bytes: bytes }: InventoryFigures, paint: Paint): string[] {
  const { per_reservation: plain, per_reservation_with_user_limit: limited } = bytes;
  return [
    `  ${'bytes of Redis per live reservation'.padEnd(NAME_WIDTH)}${n(plain).padStart(9)}`,
    paint.dim(`    ${n(limited)} with a limit per user; ${n(bytes.reservations)} reservations`),
  ];
}

function warnings(result: BenchHead, paint: Paint): string[] {
  const lines: string[] = [];
  if (result.limit === undefined) {
    lines.push('Processor times cannot be read on this system, so there are rates only.');
  }
  const others = result.others_share_max ?? 0;
  if (others > OTHERS_SHARE_QUIET) {
    const share = `${Math.round(others * 100)} %`;
    lines.push(`Up to ${share} of the machine did other work meanwhile: rates are too low.`);
  }
  return lines.length === 0 ? [] : ['', ...lines.map((line) => paint.bad(line))];
}

/** 1234567 -> 1,234,567, whatever the machine's locale is. */
function n(value: number): string {
  return value.toLocaleString('en-US');
}
