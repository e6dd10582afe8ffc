// Promise: of a replica only rows are believed whose shard counted there all the while, whatever it
// catches up with between two statements of one reading.

import { beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { geneOf } from '../../../platform/ids.js';
import type { GateState } from '../../../platform/mysql/shard-gate.js';
import { storeLimits } from '../../config.js';
import type { Order } from '../../domain/order.js';
import { orderIn } from '../../domain/orders.fixture.js';
import { orderValues } from './order-rows.js';
import type { Select } from './read-orders.js';
import { Replica } from './replica.js';

interface FakeGate {
  shard: number;
  state: GateState;
  epoch: number;
}

const soon = () => Date.now() + 5_000;
const ORDER = orderIn('PENDING_PAYMENT');
const SHARD = geneOf(ORDER.orderId);

let gates: FakeGate[];
let rows: Order[];
let statements: string[];
let meanwhile: () => void;
let replica: Replica;

beforeEach(async () => {
  gates = Array.from({ length: 64 }, (_, shard) => ({ shard, state: 'OPEN', epoch: 3 }));
  rows = [ORDER];
  statements = [];
  meanwhile = () => {};
  replica = new Replica({
    name: 'test',
    select: () => select,
    gates: async () => {
      statements.push('gates');
      return gates.map((gate) => ({ ...gate }));
    },
    clock: systemClock,
    limits: storeLimits.read,
  });
});

/** What it is asked for is of one table; then the replica may catch up with something. */
const select: Select = async <T>(sql: string) => {
  const [, table = ''] = /FROM (\w+)/.exec(sql) ?? [];
  statements.push(table);
  const found = table === 'orders' ? rows.map(rowOf) : [];
  meanwhile();
  return found as T[];
};

const known = () => replica.look()([SHARD], soon());
const gate = () => gates[SHARD] as FakeGate;

test('nothing is believed before the gates were read once', async () => {
  expect(await replica.read(ORDER.orderId, soon())).toBeUndefined();
  expect(await replica.read(ORDER.orderId, soon())).toMatchObject({ orderId: ORDER.orderId });
});

test.each<[string, (() => void) | undefined, boolean]>([
  ['nothing happens', undefined, true],
  ['the shard moves away', () => Object.assign(gate(), { state: 'AWAY', epoch: 4 }), false],
  ['it is closed, to be moved', () => Object.assign(gate(), { state: 'CLOSED', epoch: 4 }), false],
  ['it moves away and comes back', () => Object.assign(gate(), { epoch: 9 }), false],
  ['another shard moves', () => Object.assign(gates[SHARD ^ 1] as FakeGate, { epoch: 4 }), true],
])('while it is read, %s', async (_what, happens, believed) => {
  await known();
  if (happens) meanwhile = happens;
  const order = await replica.read(ORDER.orderId, soon());
  expect(order?.orderId).toBe(believed ? ORDER.orderId : undefined);
});

test('what comes after a move is believed again', async () => {
  await known();
  Object.assign(gate(), { state: 'CLOSED', epoch: 8 });
  expect(await replica.read(ORDER.orderId, soon())).toBeUndefined();
  expect(await replica.read(ORDER.orderId, soon())).toMatchObject({ orderId: ORDER.orderId });
});

test('a reading that finds nothing says so, for all who asked in one batch', async () => {
  await known();
  rows = [];
  const both = [ORDER.orderId, ORDER.orderId + 1n].map((id) => replica.read(id, soon()));
  expect(await Promise.all(both)).toEqual([undefined, undefined]);
  expect(statements.filter((table) => table === 'orders')).toHaveLength(1);
});

test('a list is believed when all its shards are', async () => {
  const all = gates.map(({ shard }) => shard);
  await known();
  expect(await replica.look()(all, soon())).toEqual(new Set());
  Object.assign(gate(), { state: 'RECEIVING' });
  expect(await replica.look()(all, soon())).toEqual(new Set([SHARD]));
});

const COLUMNS = `shard_no order_id user_id request_id fingerprint order_type state version currency
  total_minor discount_minor payable_minor payment_deadline_ms due_ms paid_ms carrier
  tracking_number created_ms updated_ms details presale`.split(/\s+/);

// As it comes from the server: a BIGINT is text.
function rowOf(order: Order): Record<string, unknown> {
  const values = orderValues(order).map((value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return {
    ...Object.fromEntries(COLUMNS.map((name, i) => [name, values[i]])),
    refunded_minor: null,
  };
}
