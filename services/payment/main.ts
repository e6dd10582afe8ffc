// The payment service: wires config, database, provider and order service, then serves. Stops in the
// opposite order: callers first, then loops and news, then connections.

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock } from '../platform/clock.js';
import { Lifecycle } from '../platform/lifecycle.js';
import { createLog, type Log } from '../platform/log.js';
import { Loop } from '../platform/loop.js';
import { assertDurable, connectShards, type ShardMap } from '../platform/mysql/connect.js';
import { migrate } from '../platform/mysql/migrate.js';
import { Outbox } from '../platform/mysql/outbox.js';
import { meterOutbox, outboxLook } from '../platform/mysql/outbox-meter.js';
import { rowLockLook } from '../platform/mysql/row-lock-look.js';
import { RpcServer } from '../platform/rpc/server.js';
import { openMetrics } from '../platform/telemetry/open-metrics.js';
import { startTracing } from '../platform/telemetry/trace-export.js';
import { paymentHandlers } from './api/payment-service.js';
import type { PaymentPorts, Provider } from './app/ports.js';
import { type NewsHandlers, newsHandlers } from './app/relay-news.js';
import { resolvePayments } from './app/resolve-payments.js';
import { LIMITS, type PaymentConfig, PROVIDER_LIMITS, paymentConfig } from './config.js';
import { MysqlDuePayments } from './infra/mysql/due-payments.js';
import { paymentLook } from './infra/mysql/payment-look.js';
import { MysqlPaymentStore } from './infra/mysql/payment-store.js';
import { OrderClient } from './infra/order-client.js';
import { CircuitBreaker } from './infra/provider/circuit-breaker.js';
import { JsonHttp } from './infra/provider/json-http.js';
import { SandboxProvider } from './infra/provider/sandbox-provider.js';
import { StripeProvider } from './infra/provider/stripe-provider.js';

const MIGRATIONS = new URL('./infra/mysql/sql/', import.meta.url);

const clock = systemClock;

/** Starts everything; what must be stopped is registered in order. Answers the port. */
export async function startPaymentService(
  config: PaymentConfig,
  log: Log,
  lifecycle: Pick<Lifecycle, 'onStop'>,
): Promise<number> {
  const shards = await openDatabase(config, log, lifecycle);
  const provider = openProvider(config, log, lifecycle);
  const stripe = await openStripe(config, log, lifecycle);
  const orders = new OrderClient({ addresses: config.ORDER_ADDRESSES, log });
  lifecycle.onStop('order client', () => orders.close());

  // News is delivered by use cases that write news themselves: the knot is tied when both exist.
  let handlers: NewsHandlers | undefined;
  const outbox = openOutbox(shards, log, () => handlers as NewsHandlers);
  const store = new MysqlPaymentStore({ shards, outbox, log });
  const ports: PaymentPorts = {
    store,
    providers: {
      get: (name) => [provider, stripe].find((known) => known?.name === name),
      // On Stripe's page the buyer chooses how to pay.
      forMethod: (method) => (method === stripe?.name ? stripe : provider),
    },
    orders,
    clock,
    log,
    settings: {
      lookAfterMs: config.PAYMENT_LOOK_AFTER_MS,
      lookEveryMsMax: config.PAYMENT_LOOK_EVERY_MS_MAX,
      lateLookMsMax: config.PAYMENT_LATE_LOOK_MS_MAX,
      stepMsMax: LIMITS.stepMsMax,
      providerRetryMs: PROVIDER_LIMITS.retryMs,
    },
  };
  handlers = newsHandlers(ports);

  lifecycle.onStop('payment store', () => store.stop());
  meterOutbox(outbox.stats);
  outbox.start();
  lifecycle.onStop('outbox', () => outbox.stop());
  startResolvers(ports, shards, log, lifecycle);
  const looks = [paymentLook(shards), outboxLook(shards), rowLockLook(shards)];
  const address = config.METRICS_LISTEN;
  await openMetrics({ service: 'payment', address, looks, clock, log, lifecycle });
  return serve(config, ports, log, lifecycle);
}

async function openDatabase(
  config: PaymentConfig,
  log: Log,
  lifecycle: Pick<Lifecycle, 'onStop'>,
): Promise<ShardMap> {
  const database = `${config.MYSQL_DATABASE_PREFIX}payment`;
  const poolSize = LIMITS.mysqlPoolSize;
  const shards = connectShards({ shards: config.MYSQL_SHARDS, database, poolSize, log });
  lifecycle.onStop('mysql', () => shards.close());
  await assertDurable(shards);
  await migrate(shards, { directory: MIGRATIONS, database, log });
  return shards;
}

function openProvider(
  config: PaymentConfig,
  log: Log,
  lifecycle: Pick<Lifecycle, 'onStop'>,
): Provider {
  const http = new JsonHttp({ ...PROVIDER_LIMITS, baseUrl: config.PROVIDER_URL });
  lifecycle.onStop('provider', () => http.close());
  return new SandboxProvider({
    http,
    breaker: breakerOf('sandbox', PROVIDER_LIMITS.totalMsMax, log),
    clock,
    callbackUrl: config.CALLBACK_URL,
    secrets: config.PROVIDER_SECRETS,
  });
}

async function openStripe(
  config: PaymentConfig,
  log: Log,
  lifecycle: Pick<Lifecycle, 'onStop'>,
): Promise<Provider | undefined> {
  const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRETS, STRIPE_RETURN_URL, STRIPE_URL } = config;
  if (STRIPE_SECRET_KEY === undefined || STRIPE_RETURN_URL === undefined) return undefined;
  // Its library takes 20 MB and a quarter of a second, so only who needs it loads it.
  const { StripeClient } = await import('./infra/provider/stripe-client.js');
  const { connectionsMax, waitingMax, stripeTotalMsMax } = PROVIDER_LIMITS;
  const client = new StripeClient({
    secretKey: STRIPE_SECRET_KEY,
    baseUrl: STRIPE_URL,
    breaker: breakerOf('stripe', stripeTotalMsMax, log),
    connectionsMax,
    waitingMax,
    totalMsMax: stripeTotalMsMax,
  });
  lifecycle.onStop('stripe', () => client.close());
  const webhookSecrets = STRIPE_WEBHOOK_SECRETS ?? [];
  return new StripeProvider({ client, clock, webhookSecrets, returnUrl: STRIPE_RETURN_URL });
}

function breakerOf(provider: string, probeMsMax: number, log: Log): CircuitBreaker {
  const { failuresMax, openMs } = PROVIDER_LIMITS;
  const onChange = (opened: boolean) => {
    if (opened) log.warn({ provider, failures: failuresMax }, 'provider is taken to be down');
    else log.info({ provider }, 'provider answers again');
  };
  return new CircuitBreaker({ failuresMax, openMs, probeMsMax, clock, onChange });
}

function openOutbox(shards: ShardMap, log: Log, handlers: () => NewsHandlers): Outbox {
  return new Outbox({
    shards,
    handlers: {
      'payment.captured': (events) => handlers()['payment.captured'](events),
      'payment.refunded': (events) => handlers()['payment.refunded'](events),
      'refund.requested': (events) => handlers()['refund.requested'](events),
    },
    log,
    clock,
    firstDelayMs: LIMITS.outboxFirstDelayMs,
    batchMax: LIMITS.outboxBatchMax,
    attemptsMax: LIMITS.outboxAttemptsMax,
  });
}

function startResolvers(
  ports: PaymentPorts,
  shards: ShardMap,
  log: Log,
  lifecycle: Pick<Lifecycle, 'onStop'>,
): void {
  for (const server of shards.servers) {
    const due = new MysqlDuePayments(server);
    const loop = new Loop({
      name: `payment.resolve.${due.name}`,
      intervalMs: LIMITS.resolveIntervalMs,
      errorDelayMs: LIMITS.resolveErrorDelayMs,
      run: () => resolvePayments(ports, due),
      log,
      clock,
    });
    loop.start();
    lifecycle.onStop(`resolver of ${due.name}`, () => loop.stop());
  }
}

async function serve(
  config: PaymentConfig,
  ports: PaymentPorts,
  log: Log,
  lifecycle: Pick<Lifecycle, 'onStop'>,
): Promise<number> {
  const server = new RpcServer({
    log,
    deadlineMsDefault: LIMITS.rpcDeadlineMsDefault,
    deadlineMsMax: LIMITS.rpcDeadlineMsMax,
    concurrencyMax: LIMITS.rpcConcurrencyMax,
  });
  // Cancelling frees stock and callbacks end attempts: both relieve an overload.
  const concurrencyExempt = ['batchCancelPayment', 'handleProviderEvent'] as const;
  server.add(PaymentService, paymentHandlers(ports), { concurrencyExempt });
  lifecycle.onStop('rpc server', () => server.stop(LIMITS.drainMsMax));
  const port = await server.listen(config.LISTEN);
  server.setServing(true);
  log.info({ listen: config.LISTEN, port }, 'payment service is serving');
  return port;
}

const startedFile = process.argv[1];
if (startedFile && realpathSync(startedFile) === fileURLToPath(import.meta.url)) {
  const log = createLog({ service: 'payment', level: 'info' });
  const lifecycle = new Lifecycle({ log, stopMsMax: LIMITS.stopMsMax });
  await lifecycle.run(async () => {
    const config = paymentConfig();
    log.level = config.LOG_LEVEL;
    const instance = config.LISTEN;
    await startTracing({ service: 'payment', instance, settings: config, log, lifecycle });
    await startPaymentService(config, log, lifecycle);
  });
}
