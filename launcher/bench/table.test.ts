// What a person reads: a snapshot of a whole table, and the two warnings.
import { expect, test } from '@jest/globals';
import { PLAIN } from '../audit/render.js';
import type { Figures, InventoryBenchResult, Limit, OrderBenchResult } from './bench-result.js';
import { renderInventoryBench } from './inventory/table.js';
import { renderOrderBench } from './order/table.js';

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

const unit = (cpu_us: number, per_second: number): Limit => ({
  cpu_us,
  per_second,
  cpu_us_spread: [cpu_us, cpu_us],
  per_second_spread: [per_second, per_second],
  generator_us: 5.04,
});

const result: InventoryBenchResult = {
  machine: {
    cpu: 'A Processor',
    cores: 2,
    memory_gib: 8,
    os: 'Linux 6.1',
    others_share_max: 0.01,
  },
  versions: { node: 'v20.19.0', redis: '7.0.15', mysql: '8.0.36', commit: '0123456+' },
  options: { command: './spillway bench inventory', seconds: 3, rounds: 3 },
  limit: unit(40.04, 24_000),
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
  const lines = renderInventoryBench(result, PLAIN).split('\n');
  expect(lines).toContain('2 processors (A Processor), 8 GiB, Linux 6.1');
  expect(lines).toContain('Node v20.19.0, Redis 7.0.15, MySQL 8.0.36, commit 0123456+');
  expect(lines).toContain(
    '                                            per s   µs each x empty   p50 ms   p99 ms',
  );
  expect(lines).toContain('  an empty grpc-js call (server side)      24,000      40.0    1.00');
  expect(lines).toContain('    24,000 to 24,000 per s; generator 5.0');
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
  const text = renderInventoryBench(
    { ...result, machine: { ...result.machine, others_share_max: 0.4 } },
    PLAIN,
  );
  expect(text).toMatch(/Up to 40 % of the machine did other work/);
});

test('without processor times there are rates, and the reason', () => {
  const { per_second, per_second_spread, p50_ms, p99_ms } = figures;
  const rates = { per_second, per_second_spread, p50_ms, p99_ms };
  const { limit: _limit, ...rest } = result;
  const inventory = { ...result.inventory, reserve_hot: rates };
  const lines = renderInventoryBench({ ...rest, inventory }, PLAIN).split('\n');
  expect(lines).toContain('  reserved and settled, one hot SKU        25,000     71.2    150.0');
  expect(lines).toContain(
    'Processor times cannot be read on this system, so there are rates only.',
  );
});

test('orders: a line each, and growth with a unit of its own', () => {
  const { machine, versions, options, limit } = result;
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
  const level = { past_orders: 500_000, limit: unit(50, 20_000), ...figuresOfOrders };
  const promise = { rate_per_second: 1_000, per_second: 998, p50_ms: 4.04, dropped: 0 };
  const orders: OrderBenchResult = {
    machine,
    versions,
    options,
    ...(limit === undefined ? {} : { limit }),
    ...figuresOfOrders,
    open_loop: [
      { ...promise, operation: 'create_order', p99_ms: 99, p99_ms_promised: 100 },
      { ...promise, operation: 'get_order', p99_ms: 21, p99_ms_promised: 20 },
    ],
    growth: [level],
  };
  const lines = renderOrderBench(orders, PLAIN).split('\n');
  expect(lines).toContain('  ordered, 1,000 a second by the clock        998      4.0     99.0');
  expect(lines).toContain('    promised: 99 of 100 within 100 ms: kept');
  expect(lines).toContain('    promised: 99 of 100 within 20 ms: broken, 0 not sent');
  expect(lines).toContain(
    '  ordered: reserved, stored, payable       25,000      44.0    1.10     71.2    150.0',
  );
  expect(lines).toContain('  Beside 500,000 past orders:');
  expect(lines).toContain('  an empty grpc-js call (server side)      20,000      50.0    1.00');
  expect(lines.every((line) => line.length <= 100)).toBe(true);
});
