// What the benchmark compares with: a reserve without coalescing, made of inventory's own parts.
// The same message, script and transaction, but each reservation is one call, one script and one
// commit of its own. It skips what only failures need (repairs, refunds), which makes it cheaper
// than it could be in earnest. Run as a process of its own; ends when it is told to.
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { toReserveRequest, toWireResult } from '../../../services/inventory/api/convert.js';
import { readInventoryConfig } from '../../../services/inventory/config.js';
import type { Part, ReserveResult } from '../../../services/inventory/domain/reservation.js';
import { split } from '../../../services/inventory/domain/split.js';
import { settleBatch } from '../../../services/inventory/infra/mysql/settle-batch.js';
import { RedisGate } from '../../../services/inventory/infra/redis/gate.js';
import { createLog } from '../../../services/platform/log.js';
import { connectShards } from '../../../services/platform/mysql/connect.js';
import { connectRedis, redisReady } from '../../../services/platform/redis/connect.js';
import { type Handlers, RpcServer } from '../../../services/platform/rpc/server.js';

/** As many transactions at a time as the benchmark has calls in flight. */
const POOL_SIZE = 64;
const LIMITS = { deadlineMsDefault: 5_000, deadlineMsMax: 30_000, concurrencyMax: 2_000 };

const config = readInventoryConfig();
const log = createLog({ service: 'naive-inventory', level: config.LOG_LEVEL });
const database = `${config.MYSQL_DATABASE_PREFIX}inventory`;
const shards = connectShards({ shards: config.MYSQL_SHARDS, database, poolSize: POOL_SIZE, log });
const redis = connectRedis({ url: config.REDIS_URL, commandTimeoutMs: 5_000, log });
await redisReady(redis);
const gate = new RedisGate(redis);

const handlers: Pick<Handlers<typeof InventoryService>, 'batchReserve'> = {
  async batchReserve(request, ctx) {
    const parts = request.items.flatMap((item) => split(toReserveRequest(item, '')));
    const results = await Promise.all(parts.map((part) => reserve(part, ctx.deadlineMs)));
    return { results: results.map(toWireResult) };
  },
};

const server = new RpcServer({ log, ...LIMITS });
// No other method of the service is ever called here.
server.add(InventoryService, handlers as Handlers<typeof InventoryService>);
await server.listen(config.LISTEN);
server.setServing(true);
process.on('SIGTERM', () => process.exit());

async function reserve(part: Part, deadlineMs: number): Promise<ReserveResult> {
  const [reply] = await gate.reserve([part]);
  if (reply === undefined || !('epochs' in reply)) return { outcome: 'UNKNOWN' };
  const { orderId, epochs, fresh } = reply;
  const grant = { ...part, orderId, epochs, fresh };
  const o = { deadlineMs, holdMs: config.HOLD_MS };
  const { results } = await settleBatch(shards.serverOf(part.partition), [grant], o);
  const [result] = results;
  return result?.outcome === 'RESERVED' ? result : { outcome: 'UNKNOWN' };
}
