// What the benchmark compares with: payment intents of which each is one call and one statement of
// its own, written by the payment service's own lane. Run as a process of its own; ends when it is
// told to.
import { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { toCreateOutcome, toNewPayment } from '../../../services/payment/api/convert.js';
import { LIMITS, paymentConfig } from '../../../services/payment/config.js';
import type { NewPayment } from '../../../services/payment/domain/create.js';
import { type CreateLane, createLane } from '../../../services/payment/infra/mysql/create-lane.js';
import { systemClock } from '../../../services/platform/clock.js';
import { geneOf } from '../../../services/platform/ids.js';
import { createLog } from '../../../services/platform/log.js';
import { connectShards, type MysqlServer } from '../../../services/platform/mysql/connect.js';
import { type Handlers, RpcServer } from '../../../services/platform/rpc/server.js';

/** As many at a time as the benchmark has calls in flight. */
const AT_ONCE = 64;

const config = paymentConfig();
const log = createLog({ service: 'naive-payment', level: config.LOG_LEVEL });
const database = `${config.MYSQL_DATABASE_PREFIX}payment`;
const shards = connectShards({ shards: config.MYSQL_SHARDS, database, poolSize: AT_ONCE, log });
/** A lane that nobody uses has nothing to batch with; there is one for each call in flight. */
const idle = new Map<MysqlServer, CreateLane[]>();

const handlers: Pick<Handlers<typeof PaymentService>, 'batchCreatePayment'> = {
  async batchCreatePayment({ items }, { deadlineMs }) {
    const wanted = items.map((item, i) => toNewPayment(item, i));
    return { outcomes: await Promise.all(wanted.map((each) => createOne(each, deadlineMs))) };
  },
};

const server = new RpcServer({
  log,
  deadlineMsDefault: LIMITS.rpcDeadlineMsDefault,
  deadlineMsMax: LIMITS.rpcDeadlineMsMax,
  concurrencyMax: LIMITS.rpcConcurrencyMax,
});
// No other method of the service is ever called here.
server.add(PaymentService, handlers as Handlers<typeof PaymentService>);
await server.listen(config.LISTEN);
server.setServing(true);
process.on('SIGTERM', () => process.exit());

async function createOne(wanted: NewPayment, deadlineMs: number) {
  const mysql = shards.serverOf(geneOf(wanted.orderId));
  const lanes = idle.get(mysql) ?? [];
  idle.set(mysql, lanes);
  const lane = lanes.pop() ?? createLane(mysql, systemClock);
  try {
    const [outcome] = await lane.add([wanted], deadlineMs);
    return toCreateOutcome(outcome ?? 'UNKNOWN');
  } finally {
    lanes.push(lane);
  }
}
