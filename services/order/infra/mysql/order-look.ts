// How many orders are open, how old the oldest of each state is, and how late expiry runs. Everything
// comes from indexes and up to a bound, so that a look costs the same in a shop with ten million
// orders. An order's age is in its id.

import { timeOf } from '../../../platform/ids.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { read } from '../../../platform/mysql/transaction.js';
import type { Look } from '../../../platform/telemetry/metric-look.js';
import { gauges } from '../../../platform/telemetry/metrics.js';
import { stateCodes } from './order-codes.js';

/** Counted further, the number would be as useful and the look would cost more. */
const ORDERS_MAX = 10_000;
const LOOK_MS_MAX = 5_000;
/** Whoever claims an overdue order pushes its next look so far ahead; it is overdue nevertheless. */
const LEASE_MS = 5_000;

const OPEN_STATES = ['PENDING_PAYMENT', 'DEPOSIT_PAID', 'PAID', 'SHIPPED', 'DELIVERED'] as const;

const SELECT_STATE = `SELECT COUNT(*) AS orders, MIN(order_id) AS oldest_id FROM (
    SELECT order_id FROM orders FORCE INDEX (by_state)
    WHERE state = ? AND shard_no IN (?) ORDER BY order_id LIMIT ${ORDERS_MAX}
  ) AS open_ones`;

const SELECT_OVERDUE = `SELECT COALESCE(MAX(${NOW_MS} - payment_deadline_ms), 0) AS lag_ms FROM (
    SELECT payment_deadline_ms FROM orders FORCE INDEX (due)
    WHERE due_ms <= ${NOW_MS} + ${LEASE_MS} AND shard_no IN (?) ORDER BY due_ms LIMIT ${ORDERS_MAX}
  ) AS overdue`;

interface StateRow {
  readonly orders: string | number;
  readonly oldest_id: string | null;
}

export function orderLook(shards: ShardMap): Look {
  return { name: 'orders', run: () => lookAtOrders(shards) };
}

async function lookAtOrders(shards: ShardMap): Promise<void> {
  const servers = shards.servers.filter((server) => shards.shardsOf(server).length > 0);
  const ask = <T>(server: MysqlServer, sql: string, values: readonly (string | number)[]) => {
    const deadlineMs = Date.now() + LOOK_MS_MAX;
    return read<T>(server, { deadlineMs }, sql, [...values, shards.shardsOf(server)]);
  };
  for (const state of OPEN_STATES) {
    const code = stateCodes[state];
    const found = await Promise.all(
      servers.map((server) => ask<StateRow>(server, SELECT_STATE, [code])),
    );
    tellState(state, found.flat());
  }
  const overdue = await Promise.all(
    servers.map((server) => ask<{ lag_ms: string | number }>(server, SELECT_OVERDUE, [])),
  );
  const lagMs = Math.max(0, ...overdue.flat().map((row) => Number(row.lag_ms)));
  gauges('spillway.order.deadline.lag')
    .of()
    .set(lagMs / 1_000);
}

function tellState(state: (typeof OPEN_STATES)[number], rows: readonly StateRow[]): void {
  const orders = rows.reduce((sum, row) => sum + Number(row.orders), 0);
  const ids = rows.flatMap((row) => (row.oldest_id === null ? [] : [BigInt(row.oldest_id)]));
  const ages = ids.map((id) => (Date.now() - timeOf(id)) / 1_000);
  gauges('spillway.order.open').of(state).set(orders);
  gauges('spillway.order.oldest.age')
    .of(state)
    .set(Math.max(0, ...ages));
}
