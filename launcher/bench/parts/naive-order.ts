// What the benchmark compares with: the order service's own saga with every batch made to hold one
// order, so that each order is one call of inventory, one commit and one call of payment. Nothing
// runs in the background. Run as a process of its own; ends when it is told to.
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { assembleOrder } from '../../../services/order/assemble.js';
import * as settings from '../../../services/order/config.js';
import { systemClock as clock } from '../../../services/platform/clock.js';
import { IdSource } from '../../../services/platform/ids.js';
import { createLog } from '../../../services/platform/log.js';
import { connectShards } from '../../../services/platform/mysql/connect.js';
import { ShardGates } from '../../../services/platform/mysql/shard-gates.js';
import { leaseHolder, WorkerLease } from '../../../services/platform/mysql/worker-lease.js';
import { connectClient } from '../../../services/platform/rpc/client.js';
import { RpcServer } from '../../../services/platform/rpc/server.js';

/** As many at a time as the benchmark has calls in flight. */
const AT_ONCE = 64;
/** Lease, offers and reads besides. */
const POOL_SIZE = AT_ONCE + 8;
const ONE_BY_ONE = { itemsMax: 1, concurrency: AT_ONCE };

// The limits are the service's constants. They are changed in this process only, before anything
// reads them: the saga then runs as it is, and batches are all that differs.
for (const limits of [settings.reserveLimits, settings.settleLimits, settings.storeLimits.commit]) {
  Object.assign(limits, ONE_BY_ONE);
}

const config = settings.readOrderConfig();
const log = createLog({ service: 'naive-order', level: config.LOG_LEVEL });
const database = `${config.MYSQL_DATABASE_PREFIX}order`;
const shards = connectShards({ shards: config.MYSQL_SHARDS, database, poolSize: POOL_SIZE, log });
const gates = new ShardGates({ shards, database, clock, log });
await gates.open();
gates.start();
const windowMs = settings.LEASE_WINDOW_MS;
const holder = leaseHolder();
const lease = new WorkerLease({ server: shards.configuredFor(0), holder, clock, log, windowMs });
await lease.start();

const order = assembleOrder({
  gates,
  inventory: connectClient(InventoryService, { addresses: config.INVENTORY_ADDRESSES }),
  payment: connectClient(PaymentService, { addresses: config.PAYMENT_ADDRESSES }),
  ids: new IdSource({ clock, lease: () => lease.current() }),
  clock,
  log,
  paymentWindowSeconds: config.PAYMENT_WINDOW_SECONDS,
  soldOutNotice: false,
});
const server = new RpcServer({ log, ...settings.serverLimits });
server.add(OrderService, order.handlers);
await server.listen(config.LISTEN);
server.setServing(true);
process.on('SIGTERM', () => process.exit());
