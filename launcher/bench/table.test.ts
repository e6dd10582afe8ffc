// What a person reads: a snapshot of a whole table, and the two warnings.
import { expect, test } from '@jest/globals';
import { PLAIN } from '../audit/render.js';
import type { BenchResult, Figures, OrderBenchResult } from './bench-result.js';
import { renderBench, renderOrderBench } from './table.js';

const figures: Figures = {
  per_second: 25_000,
  per_second_spread: [24_000, 26_500],
  p50_ms: 71.23,
  p99_ms: 150,
  cpu_us: 44.04,
  cpu_us_spread: [43, 45],
  ratio_to_limit: 1.1,
  cpu_us_by_process: { inventory: 22.5, mysql: 17.04, redis: 4.5, generator: 2 },
};

const result: BenchResult = {
  machine: {
    cpu: 'A Processor',
    cores: 2,
    memory_gib: 8,
    os: 'Linux 6.1',
    node: 'v20.19.0',
    redis: '7.0.15',
    mysql: '8.0.36',
    commit: '0123456+',
  },
  options: { seconds: 3, rounds: 3 },
  others_share_max: 0.01,
  limit: { cpu_us: 40.04, per_second: 24_000 },
  inventory: {
    reserve_hot: figures,
    lua_only: figures,
    naive: figures,
    sold_out: figures,
    duplicate: figures,
    confirm: figures,
    release: figures,
    get_stock: figures,
    redis_bytes: {
      reservations: 50_000,
      per_reservation: 106,
      per_reservation_with_user_limit: 174,
    },
  },
  growth: [
    {
      skus: 1_000_000,
      past_reservations: 500_000,
      reserve_spread: figures,
      reserve_hot: figures,
      confirm: figures,
    },
  ],
};

test('shows the unit, each figure with its split and spread, bytes and growth', () => {
  const lines = renderBench(result, PLAIN).split('\n');
  expect(lines).toContain('2 processors (A Processor), 8 GiB, Linux 6.1');
  expect(lines).toContain('Node v20.19.0, Redis 7.0.15, MySQL 8.0.36, commit 0123456+');
  expect(lines).toContain(
    '                                            per s   µs each x empty   p50 ms   p99 ms',
  );
  expect(lines).toContain('  an empty grpc-js call (server side)      24,000      40.0    1.00');
  expect(lines).toContain(
    '  reserved and settled, one hot SKU        25,000      44.0    1.10     71.2    150.0',
  );
  expect(lines).toContain(
    '    24,000 to 26,500 per s; inventory 22.5, mysql 17.0, redis 4.5, generator 2.0',
  );
  expect(lines).toContain('    174 with a limit per user; 50,000 reservations');
  expect(lines).toContain('  Beside 1,000,000 SKUs and 500,000 past reservations:');
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines.join('\n')).not.toMatch(/did other work|cannot be read/);
});

test('says when the machine did other work', () => {
  const text = renderBench({ ...result, others_share_max: 0.4 }, PLAIN);
  expect(text).toMatch(/Up to 40 % of the machine did other work/);
});

test('without processor times there are rates, and the reason', () => {
  const { per_second, per_second_spread, p50_ms, p99_ms } = figures;
  const rates = { per_second, per_second_spread, p50_ms, p99_ms };
  const { limit: _limit, others_share_max: _others, ...rest } = result;
  const inventory = { ...result.inventory, reserve_hot: rates };
  const lines = renderBench({ ...rest, inventory }, PLAIN).split('\n');
  expect(lines).toContain('  reserved and settled, one hot SKU        25,000     71.2    150.0');
  expect(lines).toContain(
    'Processor times cannot be read on this system, so there are rates only.',
  );
});

test('orders: a line each, and growth with a unit of its own', () => {
  const { machine, options, limit } = result;
  const figuresOfOrders = {
    create_order: figures,
    create_order_limited: figures,
    sold_out: figures,
    duplicate: figures,
    get_order: figures,
    ship_order: figures,
    deliver_order: figures,
    cancel_order: figures,
  };
  const unit = { cpu_us: 50, per_second: 20_000 };
  const level = { past_orders: 500_000, limit: unit, ...figuresOfOrders };
  const orders = { machine, options, limit, ...figuresOfOrders, growth: [level] };
  const lines = renderOrderBench(orders as OrderBenchResult, PLAIN).split('\n');
  expect(lines).toContain(
    '  ordered: reserved, stored, payable       25,000      44.0    1.10     71.2    150.0',
  );
  expect(lines).toContain('  Beside 500,000 past orders:');
  expect(lines).toContain('  an empty grpc-js call (server side)      20,000      50.0    1.00');
  expect(lines.every((line) => line.length <= 100)).toBe(true);
});
