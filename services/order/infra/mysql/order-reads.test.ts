// Promise: one lookup per batch tells which orders there are; what a cache knows of the versions that
// were found is not read again, and nothing is ever remembered of ids that name no order.

import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { storeLimits } from '../../config.js';
import type { Order } from '../../domain/order.js';
import { lineOf, orderIn } from '../../domain/orders.fixture.js';
import type { OrderParts, OrderVersion, PartsCache } from '../parts-cache.js';
import { lineValues } from './line-rows.js';
import { VOID_STATE } from './order-codes.js';
import { openOrderReads } from './order-reads.js';
import { orderValues } from './order-rows.js';
import type { Select } from './read-orders.js';
import { transitionValues } from './transition-rows.js';

const soon = () => Date.now() + 5_000;

describe('ids that name no order', () => {
  test('10,000 at once cost one lookup per batch, and leave nothing behind', async () => {
    const { reads, statements, cache } = open([]);
    const ids = Array.from({ length: 10_000 }, (_, i) => BigInt(i + 1) << 8n);
    const orders = await Promise.all(ids.map((orderId) => reads.add(orderId, soon())));
    expect(orders.every((order) => order === undefined)).toBe(true);
    expect(statements.length).toBe(Math.ceil(10_000 / storeLimits.read.itemsMax));
    expect(cache.entries.size).toBe(0);
  });

  test('one that is asked for by all callers is looked up once', async () => {
    const { reads, statements, asked } = open([]);
    await Promise.all(Array.from({ length: 200 }, () => reads.add(7n, soon())));
    expect([statements.length, asked()]).toEqual([1, 1]);
  });

  test('one with a tombstone is no order either', async () => {
    const { reads, statements } = open([orderIn('PAID')], VOID_STATE);
    expect(await reads.add(orderIn('PAID').orderId, soon())).toBeUndefined();
    expect(statements).toEqual(['orders']);
  });

  test('an order that is committed after a look is found by the next one', async () => {
    const { reads, tables } = open([]);
    const order = orderIn('PENDING_PAYMENT');
    expect(await reads.add(order.orderId, soon())).toBeUndefined();
    tables.push(order);
    expect(await reads.add(order.orderId, soon())).toEqual(order);
  });
});

describe('orders', () => {
  test('are read whole, then by their version alone', async () => {
    const order = orderIn('PAID', { lines: [lineOf('tea', 2, 150n), lineOf('cup', 1, 1699n)] });
    const { reads, statements } = open([order]);
    expect(await reads.add(order.orderId, soon())).toEqual(order);
    expect(statements.splice(0)).toEqual(['orders', 'order_line', 'order_transition']);
    expect(await reads.add(order.orderId, soon())).toEqual(order);
    expect(statements).toEqual(['orders']);
  });

  test('that were shipped are asked for their tracking each time', async () => {
    const order = orderIn('SHIPPED');
    const { reads, statements } = open([order]);
    await reads.add(order.orderId, soon());
    statements.splice(0);
    expect(await reads.add(order.orderId, soon())).toEqual(order);
    expect(statements).toEqual(['orders', 'order_tracking']);
  });

  test('are read anew once they have a new version, whatever the cache knows', async () => {
    const { reads, tables, statements } = open([orderIn('PAID')]);
    const { orderId } = orderIn('PAID');
    await reads.add(orderId, soon());
    tables[0] = orderIn('DELIVERED', { carrier: undefined });
    statements.splice(0);
    expect(await reads.add(orderId, soon())).toMatchObject({ state: 'DELIVERED', version: 4 });
    expect(statements).toEqual(['orders', 'order_line', 'order_transition']);
  });

  test('known and unknown to the cache come from one batch, each caller its own', async () => {
    const all = [1n, 2n, 3n, 4n].map((n) => orderIn('PAID', { orderId: n << 20n }));
    const { reads } = open(all);
    await Promise.all(all.slice(1, 3).map((order) => reads.add(order.orderId, soon())));
    const read = await Promise.all(all.map((order) => reads.add(order.orderId, soon())));
    expect(read).toEqual(all);
  });
});

// Orders as tables, of which a statement gets whatever it asks by id; and a cache that forgets nothing.
function open(tables: Order[], state?: number) {
  const statements: string[] = [];
  let asked = 0;
  const select: Select = <T>(sql: string, values: unknown[]) => {
    const [, table = ''] = /FROM (\w+)/.exec(sql) ?? [];
    statements.push(table);
    const ids = new Set(values.flat().map(String));
    asked += values.flat().filter((value) => typeof value === 'bigint').length;
    const found = tables.filter((order) => ids.has(order.orderId.toString()));
    return Promise.resolve(found.flatMap((order) => rowsOf(table, order, state)) as T[]);
  };
  const cache = new RememberingCache();
  const reads = openOrderReads({
    name: 'test',
    look: () => async () => new Set(),
    select: () => select,
    cache,
    clock: systemClock,
    limits: storeLimits.read,
  });
  return { reads, statements, tables, cache, asked: () => asked };
}

class RememberingCache implements PartsCache {
  readonly entries = new Map<string, OrderParts>();

  async read(orders: readonly OrderVersion[]) {
    return orders.map(({ orderId, version }) => this.entries.get(`${orderId} ${version}`));
  }

  keep(orders: readonly Order[]): void {
    for (const { orderId, version, lines, transitions } of orders) {
      this.entries.set(`${orderId} ${version}`, { lines, transitions });
    }
  }
}

function rowsOf(table: string, order: Order, state?: number): object[] {
  const { orderId } = order;
  if (table === 'order_line') {
    return order.lines.map((line, i) => ({
      ...named(LINE, lineValues(orderId, line, i)),
      title: line.title,
      attributes: null,
    }));
  }
  if (table === 'order_transition') {
    return order.transitions.map((made) => named(TRANSITION, transitionValues(orderId, made)));
  }
  if (table !== 'orders') return [];
  const row = { ...named(ORDER, orderValues(order)), refunded_minor: null };
  return [state === undefined ? row : { ...row, state }];
}

const ORDER = `shard_no order_id user_id request_id fingerprint order_type state version currency
  total_minor discount_minor payable_minor payment_deadline_ms due_ms paid_ms carrier
  tracking_number created_ms updated_ms details presale`;
const LINE = 'shard_no order_id line_no sku_id title quantity unit_price_minor snapshot_hash';
const TRANSITION = 'shard_no order_id version from_state to_state operator remark at_ms';

// As they come from the server: a BIGINT is text.
function named(columns: string, values: readonly unknown[]): Record<string, unknown> {
  const names = columns.split(/\s+/);
  return Object.fromEntries(
    names.map((name, i) => [name, typeof values[i] === 'bigint' ? String(values[i]) : values[i]]),
  );
}
