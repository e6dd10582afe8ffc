// Promise: whoever names the version that he was told of never reads an older order, whatever a replica
// lacks, through whichever process; and a replica that is silent or dead only costs time.
// Method: a real primary and its replica, which is held back, frozen and killed. Taps in front of both
// tell who was asked.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type ReplicatedMysql,
  startReplicatedMysql,
} from '../../../../test/harness/replicated-mysql.js';
import { systemClock } from '../../../platform/clock.js';
import { connectServer, type MysqlServer } from '../../../platform/mysql/connect.js';
import { StatementTap } from '../../../platform/mysql/statement-tap.fixture.js';
import { read } from '../../../platform/mysql/transaction.js';
import { eventually, silent } from '../../../platform/real-servers.fixture.js';
import { counters } from '../../../platform/telemetry/metrics.js';
import { replicasLimits } from '../../config.js';
import type { Order } from '../../domain/order.js';
import type { OrderEvent } from '../../domain/transition.js';
import { keys, newOrder, newUser, soon } from '../new-orders.fixture.js';
import { openOrderDatabase } from './order-database.fixture.js';
import { OrderReplicas } from './order-replicas.js';

const PAID = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 5_300n } as const;
const SHIPPED = { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T1', expectedVersion: 0 } as const;
const DELIVERED = { kind: 'DELIVER', expectedVersion: 0 } as const;
const COMPLETED = { kind: 'COMPLETE', expectedVersion: 0 } as const;
const NEWEST_PENDING = {
  userId: undefined,
  state: 'PENDING_PAYMENT',
  beforeId: undefined,
  limit: 1,
} as const;
const ROUNDS = 10;
const CHAINS = 6;
const FLICKER_MS = 30;

let mysql: ReplicatedMysql;
let taps: { primary: StatementTap; replica: StatementTap };
let under: Awaited<ReturnType<typeof openOrderDatabase>>;
/** Past the tap. */
let replicaItself: MysqlServer;

beforeAll(async () => {
  mysql = await startReplicatedMysql();
  const primary = new StatementTap(mysql.primaryUrl);
  const replica = new StatementTap(mysql.replicaUrl);
  taps = { primary, replica };
  const [primaryUrl, replicaUrl] = [await primary.listen(), await replica.listen()];
  under = await openOrderDatabase([primaryUrl], [], (shards, database) => {
    const of = (url: string) => connectServer({ url, database, poolSize: 4 });
    replicaItself = of(mysql.replicaUrl);
    const servers = [{ primary: shards.serverOf(0), server: of(replicaUrl) }];
    const limits = replicasLimits;
    return new OrderReplicas({ servers, clock: systemClock, log: silent, limits });
  });
}, 180_000);

afterAll(async () => {
  await under?.close();
  await replicaItself?.pool.end();
  await taps?.primary.close();
  await taps?.replica.close();
  await mysql?.stop();
}, 60_000);

test('an order that the replica has is read there, and the primary hears nothing', async () => {
  const told = await placed();
  await replicated(told);
  // The first reading only finds out which shards are there.
  await readAt(told, 1);
  expect(await whoAnswers(() => readAt(told, 1))).toEqual({ by: 'REPLICA', order: told });
  expect(taps.primary.statements).toEqual([]);
});

test('whoever names no version is answered by the primary, without a word to the replica', async () => {
  const told = await placed();
  await replicated(told);
  expect(await whoAnswers(() => readAt(told, 0))).toEqual({ by: 'PRIMARY', order: told });
  expect(taps.replica.statements).toEqual([]);
});

test('a replica that is held back: what it lacks comes from the primary', async () => {
  const old = await placed();
  await replicated(old);
  const [told, fresh] = await whileHeld(async () => {
    const both = [await changed(old, PAID), await placed()] as const;
    for (const store of [under.store, under.otherStore]) {
      for (const order of both) {
        expect(await store.read(order.orderId, soon(), order.version)).toEqual(order);
      }
    }
    expect(await whoAnswers(() => readAt(old, 1))).toEqual({ by: 'REPLICA', order: old });
    return both;
  });
  expect(told.version).toBe(2);
  await replicated(fresh);
  expect(await whoAnswers(() => readAt(told, 2))).toEqual({ by: 'REPLICA', order: told });
  expect(await whoAnswers(() => readAt(fresh, 1))).toEqual({ by: 'REPLICA', order: fresh });
});

test('what a carrier told makes no version, and is never missing all the same', async () => {
  const shipped = await changed(await changed(await placed(), PAID), SHIPPED);
  await replicated(shipped);
  const event = { requestId: 'e1', status: 'seen', place: 'Bremen', text: '', atMs: 1_000 };
  await whileHeld(async () => {
    const tracked = await under.store.track(shipped.orderId, event, soon());
    expect(tracked).toMatchObject({ outcome: 'ADDED', order: { version: shipped.version } });
    expect((await readAt(shipped, shipped.version))?.tracking).toEqual([event]);
  });
  const done = await changed(await changed(shipped, DELIVERED), COMPLETED);
  await replicated(done);
  const answer = await whoAnswers(() => readAt(done, done.version));
  expect(answer).toMatchObject({ by: 'REPLICA', order: { tracking: [event] } });
});

test('an id that the replica does not know is asked of the primary before it is unknown', async () => {
  const nobody = { orderId: keys.newOrderId(newUser()) };
  expect(await whoAnswers(() => readAt(nobody, 1))).toEqual({ by: 'PRIMARY', order: undefined });
  expect(taps.replica.statements.some(ofOrders)).toBe(true);
});

test('lists: those who take what is stale get it from the replica, all others what is', async () => {
  const order = await placed();
  await replicated(order);
  const byUser = { userId: order.userId, state: undefined, beforeId: undefined, limit: 9 };
  const listed = async (mayBeStale: boolean) => {
    const own = await under.store.list({ ...byUser, mayBeStale }, soon());
    const all = await under.store.list({ ...NEWEST_PENDING, mayBeStale }, soon());
    return [own[0]?.state, own[0]?.lines.length, all[0]?.orderId === order.orderId];
  };
  await whileHeld(async () => {
    await changed(order, PAID);
    expect(await listed(false)).toEqual(['PAID', 2, false]);
    taps.primary.statements.length = 0;
    expect(await listed(true)).toEqual(['PENDING_PAYMENT', 2, true]);
    // The lines of the merged page, and no scan.
    expect(taps.primary.statements.filter(ofOrders)).toEqual([]);
  });
});

test('a shard that has changed hands: a list that may be stale is not read there', async () => {
  const order = await placed();
  await replicated(order);
  const query = { userId: order.userId, state: undefined, beforeId: undefined, limit: 9 };
  const list = () => under.store.list({ ...query, mayBeStale: true }, soon());
  await list();
  const shard = keys.shardOf(order.orderId);
  const connection = await under.shards.serverOf(shard).connect();
  await connection.query(
    `UPDATE ${under.name}.shard_gate SET epoch = epoch + 2 WHERE shard_no = ?`,
    [shard],
  );
  await connection.end();
  await replicated(await placed());
  taps.primary.statements.length = 0;
  expect((await list())[0]).toMatchObject({ orderId: order.orderId });
  expect(taps.primary.statements.some(ofOrders)).toBe(true);
});

test('reads by those who were told, among changes and while the replica stops and goes', async () => {
  const before = answers();
  await whileFlickering(async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: CHAINS }, lifeOfOneOrder));
    }
  });
  // Both happened, so both were tried.
  expect(answers().ANSWERED).toBeGreaterThan(before.ANSWERED);
  expect(answers().NOT_ENOUGH).toBeGreaterThan(before.NOT_ENOUGH);
}, 120_000);

test('a replica that stands still, and one that is dead, cost time and nothing else', async () => {
  const told = await placed();
  await replicated(told);
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    mysql.signalReplica(signal);
    const before = answers();
    const reads = Array.from({ length: 50 }, () => readAt(told, 1));
    for (const order of await Promise.all(reads)) expect(order).toEqual(told);
    const late = await whoAnswers(() => readAt(told, 1));
    expect(late).toEqual({ by: 'PRIMARY', order: told });
    expect(answers().FAILED).toBeGreaterThan(before.FAILED);
    const list = await under.store.list({ ...NEWEST_PENDING, mayBeStale: true }, soon());
    expect(list[0]?.orderId).toBe(told.orderId);
    if (signal === 'SIGSTOP') mysql.signalReplica('SIGCONT');
    await systemClock.sleep(replicasLimits.restMs);
  }
}, 60_000);

async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
  await mysql.apply(false);
  try {
    return await work();
  } finally {
    await mysql.apply(true);
  }
}

async function whileFlickering(work: () => Promise<void>): Promise<void> {
  let going = true;
  const flicker = async () => {
    while (going) await whileHeld(() => systemClock.sleep(FLICKER_MS));
  };
  const both = [flicker(), work().finally(() => (going = false))];
  await Promise.all(both);
}

async function lifeOfOneOrder(): Promise<void> {
  let told = await placed();
  for (const event of [undefined, PAID, SHIPPED, DELIVERED, COMPLETED]) {
    if (event) told = await changed(told, event);
    for (const store of [under.store, under.otherStore]) {
      expect(await store.read(told.orderId, soon(), told.version)).toEqual(told);
    }
  }
}

async function placed(): Promise<Order> {
  const result = await under.store.commit(newOrder(), soon());
  if (result.outcome !== 'COMMITTED') throw new Error(result.outcome);
  return (await under.store.read(result.order.orderId, soon())) as Order;
}

async function changed({ orderId }: Order, event: OrderEvent): Promise<Order> {
  const result = await under.store.change(orderId, event, soon());
  expect(result.outcome).toBe('CHANGED');
  return (await under.otherStore.read(orderId, soon())) as Order;
}

function readAt({ orderId }: { orderId: bigint }, atLeastVersion: number) {
  return under.store.read(orderId, soon(), atLeastVersion);
}

/** Waits until the replica has the order as it is, or one that is newer. */
async function replicated({ orderId, version }: Order): Promise<void> {
  await eventually(async () => (await versionOnReplica(orderId)) >= version, 30_000);
}

async function versionOnReplica(orderId: bigint): Promise<number> {
  const sql = 'SELECT version FROM orders WHERE order_id = ?';
  const ask = read<{ version: number }>(replicaItself, { deadlineMs: soon() }, sql, [orderId]);
  // As long as the replica has no such database or table.
  const rows = await ask.catch(() => []);
  return rows[0]?.version ?? 0;
}

const ofOrders = (sql: string) => sql.includes('FROM orders ');

async function whoAnswers(ask: () => Promise<Order | undefined>) {
  for (const tap of [taps.primary, taps.replica]) tap.statements.length = 0;
  const order = await ask();
  return { by: taps.primary.statements.some(ofOrders) ? 'PRIMARY' : 'REPLICA', order };
}

function answers() {
  const reads = counters('spillway.order.replica.reads');
  const [ANSWERED, NOT_ENOUGH, FAILED] = (['ANSWERED', 'NOT_ENOUGH', 'FAILED'] as const).map(
    (outcome) => reads.of(outcome).read(),
  ) as [number, number, number];
  return { ANSWERED, NOT_ENOUGH, FAILED };
}
