// What the look at the payments tells, on two servers: what waits for the provider, and what has waited
// too long.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../platform/mysql/database.fixture.js';
import { migrate } from '../../../platform/mysql/migrate.js';
import { change } from '../../../platform/mysql/transaction.js';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { gauges } from '../../../platform/telemetry/metrics.js';
import { paymentLook } from './payment-look.js';
import { stateCode } from './rows.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase({ urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')] });
  const directory = new URL('./sql/', import.meta.url);
  await migrate(db.shards, { directory, database: db.name, log: silent });
});
afterAll(() => db.drop());

/** An open one has a time of its next look. */
async function payment(shard: number, state: number, deadlineMs: number, due: boolean) {
  const sql = `INSERT INTO payment (shard_no, order_id, user_id, state, currency, amount_minor,
    due_ms, deadline_ms) VALUES (?, ?, 'u', ?, 'EUR', 100, ?, ?)`;
  const values = [shard, shard + 1, state, due ? Date.now() : null, deadlineMs];
  await change(db.shards.serverOf(shard), { deadlineMs: Date.now() + 5_000 }, sql, values);
}

test('open payments are counted by state, and those past their deadline are stuck', async () => {
  const [later, longAgo] = [Date.now() + 600_000, Date.now() - 600_000];
  await payment(1, stateCode('PROCESSING'), later, true);
  await payment(40, stateCode('PROCESSING'), longAgo, true);
  await payment(41, stateCode('INITIALISED'), longAgo, true);
  await payment(42, stateCode('SUCCEEDED'), longAgo, false);
  // Just over: the resolver has hardly begun to ask.
  await payment(43, stateCode('PENDING'), Date.now() - 1_000, true);
  await paymentLook(db.shards).run();
  const open = gauges('spillway.payment.open');
  expect({
    processing: open.of('PROCESSING').read(),
    initialised: open.of('INITIALISED').read(),
    pending: open.of('PENDING').read(),
    stuck: gauges('spillway.payment.stuck').of().read(),
  }).toEqual({ processing: 2, initialised: 1, pending: 1, stuck: 2 });
});
