// The result for people: one line per measurement, the unit first. Pure. What all parts of the
// benchmark show alike stands here.
import type { Paint } from '../audit/render.js';
import type { BenchHead, Figures, Limit } from './bench-result.js';

/** More than this of the machine elsewhere, and rates are those of a smaller machine. */
const OTHERS_SHARE_QUIET = 0.05;

export const NAME_WIDTH = 38;
const KINDS_SHOWN = 6;

export function machineLines({ machine, versions }: BenchHead, paint: Paint): string[] {
  const { cpu, cores, memory_gib: memory, os } = machine;
  const { node, redis, mysql, commit } = versions;
  const checkout = commit === undefined ? '' : `, commit ${commit}`;
  return [
    `${cores} processors (${cpu}), ${memory} GiB, ${os}`,
    paint.dim(`Node ${node}, Redis ${redis}, MySQL ${mysql}${checkout}`),
  ];
}

export function heading(withCpu: boolean, paint: Paint): string {
  const cpu = withCpu ? ['µs each'.padStart(10), 'x empty'.padStart(8)] : [];
  const times = ['p50 ms'.padStart(9), 'p99 ms'.padStart(9)];
  return paint.dim(`  ${''.padEnd(NAME_WIDTH)}${['per s'.padStart(9), ...cpu, ...times].join('')}`);
}

export function limitLines(limit: Limit | undefined, paint: Paint): string[] {
  if (limit === undefined) return [];
  const { cpu_us: micros, per_second: rate, per_second_spread: spread } = limit;
  const name = 'an empty grpc-js call (server side)'.padEnd(NAME_WIDTH);
  const [least, most] = spread;
  const generator = `generator ${limit.generator_us.toFixed(1)}`;
  return [
    `  ${name}${n(rate).padStart(9)}${micros.toFixed(1).padStart(10)}${'1.00'.padStart(8)}`,
    paint.dim(`    ${n(least)} to ${n(most)} per s; ${generator}`),
  ];
}

export function figureLines(title: string, figures: Figures, paint: Paint): string[] {
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
  // The dearest come first; a line has room for so many.
  const parts = Object.entries(figures.cpu_us_by_process ?? {}).slice(0, KINDS_SHOWN);
  const split = parts.map(([kind, micros]) => `${kind} ${micros.toFixed(1)}`).join(', ');
  return [`${n(least)} to ${n(most)} per s`, ...(split === '' ? [] : [split])].join('; ');
}

export function warnings(result: BenchHead, paint: Paint): string[] {
  const lines: string[] = [];
  if (result.limit === undefined) {
    lines.push('Processor times cannot be read on this system, so there are rates only.');
  }
  const others = result.machine.others_share_max ?? 0;
  if (others > OTHERS_SHARE_QUIET) {
    const share = `${Math.round(others * 100)} %`;
    lines.push(`Up to ${share} of the machine did other work meanwhile: rates are too low.`);
  }
  return lines.length === 0 ? [] : ['', ...lines.map((line) => paint.bad(line))];
}

/** 1234567 -> 1,234,567, whatever the machine's locale is. */
export function n(value: number): string {
  return value.toLocaleString('en-US');
}
