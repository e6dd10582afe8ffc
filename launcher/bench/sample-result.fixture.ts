// A whole result as the benchmark would write it, for the tests of what is made of one.
import type { Figures, WholeBenchResult } from './bench-result.js';

export function sampleFigures(cpu_us: number, byProcess: Record<string, number>): Figures {
  return {
    per_second: 8_000,
    per_second_spread: [7_500, 8_100],
    p50_ms: 20,
    p99_ms: 60,
    cpu_us,
    cpu_us_spread: [cpu_us - 1, cpu_us + 1],
    ratio_to_limit: cpu_us / 50,
    cpu_us_by_process: byProcess,
  };
}

const create = sampleFigures(150, { order: 80, inventory: 20, payment: 10, mysql: 35, redis: 5 });

export const sampleResult: WholeBenchResult = {
  machine: { cpu: 'A <fast> Processor', cores: 2, memory_gib: 8, os: 'Linux 6.1' },
  versions: { node: 'v20.19.0', redis: '7.0.15', mysql: '8.0.36', commit: '0123456' },
  options: { command: './spillway bench', seconds: 2, rounds: 3 },
  limit: {
    cpu_us: 50,
    per_second: 20_000,
    cpu_us_spread: [49, 52],
    per_second_spread: [19_000, 21_000],
    generator_us: 5,
  },
  create_order: create,
  sold_out: sampleFigures(55, { order: 50, inventory: 5 }),
  duplicate: sampleFigures(120, { order: 70, mysql: 50 }),
  get_order: sampleFigures(60, { order: 50, mysql: 10 }),
  get_stock: sampleFigures(55, { inventory: 55 }),
  cancel_order: sampleFigures(200, { order: 80, payment: 60, inventory: 20, mysql: 40 }),
  paid_order: sampleFigures(500, {
    payment: 200,
    order: 120,
    gateway: 80,
    mysql: 75,
    inventory: 20,
    redis: 5,
    sandbox: 90,
    generator: 9,
  }),
  naive: sampleFigures(900, { 'naive-order': 500, mysql: 400 }),
  strategies: [
    {
      strategy: 'check_then_update',
      concurrency: 100,
      accepted_per_second: 1_000,
      accepted_per_second_spread: [900, 1_100],
      success_share: 1,
      p50_ms: 90,
      p99_ms: 200,
      oversold: 50,
      lost: 0,
      correct_share: 0.97,
    },
    {
      strategy: 'redis_gate_settled',
      concurrency: 100,
      accepted_per_second: 8_000,
      accepted_per_second_spread: [7_900, 8_100],
      success_share: 1,
      p50_ms: 12,
      p99_ms: 40,
      cpu_us: 150,
      oversold: 0,
      lost: 0,
      correct_share: 1,
    },
  ],
  growth: [
    { dimension: 'processes', value: 3, create_order: create },
    {
      dimension: 'processes',
      value: 6,
      create_order: sampleFigures(180, create.cpu_us_by_process ?? {}),
    },
    { dimension: 'lines', value: 20, create_order: sampleFigures(600, { order: 600 }) },
  ],
};
