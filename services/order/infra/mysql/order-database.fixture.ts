// The order service's tables on two real servers, for tests, with a store on them whose effects stay
// in the outbox.

import { systemClock } from '../../../platform/clock.js';
import { geneOf } from '../../../platform/ids.js';
import type { ShardMap } from '../../../platform/mysql/connect.js';
import { createTestDatabase } from '../../../platform/mysql/database.fixture.js';
import { migrate } from '../../../platform/mysql/migrate.js';
import { Outbox } from '../../../platform/mysql/outbox.js';
import { ShardGates } from '../../../platform/mysql/shard-gates.js';
import { read } from '../../../platform/mysql/transaction.js';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { storeLimits } from '../../config.js';
import type { PartsCache } from '../parts-cache.js';
import type { OrderReplicas } from './order-replicas.js';
import { MysqlOrderStore } from './order-store.js';

/** Each of the two stores may have a cache; both read the replicas. */
export async function openOrderDatabase(
  urls = [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')],
  caches: readonly PartsCache[] = [],
  replicasOf: (shards: ShardMap, database: string) => OrderReplicas | undefined = () => undefined,
) {
  const database = await createTestDatabase({ urls, poolSize: 12 });
  const { shards } = database;
  const directory = new URL('./sql/', import.meta.url);
  await migrate(shards, { directory, database: database.name, log: silent });
  const outbox = new Outbox({
    shards,
    handlers: {},
    log: silent,
    clock: systemClock,
    firstDelayMs: 60_000,
    batchMax: 100,
    attemptsMax: 3,
  });
  const gates = new ShardGates({
    shards,
    database: database.name,
    log: silent,
    clock: systemClock,
  });
  await gates.open();
  const replicas = replicasOf(shards, database.name);
  const open = (cache?: PartsCache) =>
    new MysqlOrderStore({
      gates,
      outbox,
      clock: systemClock,
      limits: storeLimits,
      cache,
      replicas,
      announced: false,
      changed: () => {},
    });
  const [store, otherStore] = [open(caches[0]), open(caches[1])];
  return {
    name: database.name,
    shards,
    store,
    /** On the same tables, as of another process. */
    otherStore,
    async effectsOf(orderId: bigint): Promise<string[]> {
      const rows = await read<{ kind: string }>(
        shards.serverOf(geneOf(orderId)),
        { deadlineMs: Date.now() + 5_000 },
        'SELECT kind FROM outbox WHERE shard_no = ? AND aggregate_id = ? ORDER BY version',
        [geneOf(orderId), orderId.toString()],
      );
      return rows.map((row) => row.kind);
    },
    async close(): Promise<void> {
      await Promise.all([store.stop(), otherStore.stop()]);
      await outbox.stop();
      await database.drop();
    },
  };
}
