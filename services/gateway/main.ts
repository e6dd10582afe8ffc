// The gateway process: the edge of the mesh. It holds no state, so any number of it may run.
import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock } from '../platform/clock.js';
import { Lifecycle } from '../platform/lifecycle.js';
import { createLog } from '../platform/log.js';
import { connectClient } from '../platform/rpc/client.js';
import { openMetrics } from '../platform/telemetry/open-metrics.js';
import { startTracing } from '../platform/telemetry/trace-export.js';
import { meshService } from './api/forward.js';
import { createGateway } from './api/gateway.js';
import {
  callbackLimits,
  DRAIN_MS_MAX,
  edgeLimits,
  forwardLimits,
  h2cLimits,
  readGatewayConfig,
  STOP_MS_MAX,
} from './config.js';

const log = createLog({ service: 'gateway', level: 'info' });
const lifecycle = new Lifecycle({ log, stopMsMax: STOP_MS_MAX });

await lifecycle.run(async () => {
  const config = readGatewayConfig();
  log.level = config.LOG_LEVEL;
  const instance = config.LISTEN;
  await startTracing({ service: 'gateway', instance, settings: config, log, lifecycle });
  const orders = connectClient(OrderService, { addresses: config.ORDER_ADDRESSES });
  const inventory = connectClient(InventoryService, { addresses: config.INVENTORY_ADDRESSES });
  const payments = connectClient(PaymentService, { addresses: config.PAYMENT_ADDRESSES });
  lifecycle.onStop('clients', () => {
    for (const client of [orders, inventory, payments]) client.close();
  });

  const gateway = await createGateway({
    mesh: [
      meshService(OrderService, orders),
      meshService(InventoryService, inventory),
      meshService(PaymentService, payments),
    ],
    payments,
    page: new URL('./pages/index.html', import.meta.url),
    limits: {
      forward: forwardLimits,
      callbacks: callbackLimits,
      edge: edgeLimits,
      h2c: h2cLimits,
    },
    clock: systemClock,
    log,
  });
  lifecycle.onStop('gateway', () => gateway.stop(DRAIN_MS_MAX));

  const address = config.METRICS_LISTEN;
  await openMetrics({ service: 'gateway', address, clock: systemClock, log, lifecycle });
  const { host, port } = splitListen(config.LISTEN);
  log.info({ host, port: await gateway.edge.listen(host, port) }, 'serving HTTP');
  if (config.GRPC_LISTEN !== undefined) {
    const grpc = splitListen(config.GRPC_LISTEN);
    const bound = await gateway.h2c.listen(grpc.host, grpc.port);
    log.info({ host: grpc.host, port: bound }, 'serving gRPC');
  }
});

/** `host:port`, which the configuration has checked; an IPv6 host comes in brackets. */
function splitListen(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(listen.slice(colon + 1)) };
}
