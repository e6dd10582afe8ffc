// What the payment service is told from outside, and its fixed bounds with their reasons.

import { z } from 'zod';
import { configFields, readConfig } from '../platform/config.js';
import { traceFields } from '../platform/telemetry/trace-settings.js';

const schema = z
  .object({
    LISTEN: configFields.listen,
    LOG_LEVEL: configFields.logLevel,
    /** Where Prometheus may ask for metrics, port 0 for any; not at all when unset. */
    METRICS_LISTEN: configFields.listen.optional(),
    ...traceFields,
    MYSQL_SHARDS: configFields.mysqlShards,
    MYSQL_DATABASE_PREFIX: configFields.databasePrefix,
    ORDER_ADDRESSES: configFields.addresses,
    PROVIDER_URL: configFields.url,
    PROVIDER_SECRETS: configFields.secretList,
    /** Absent: there is no Stripe. */
    STRIPE_SECRET_KEY: configFields.text('sk_test_0000').optional(),
    /** Of its webhook, one or, while it is changed, several. */
    STRIPE_WEBHOOK_SECRETS: configFields.secretList.optional(),
    /** The shop's page to which Stripe sends buyers back. */
    STRIPE_RETURN_URL: configFields.url.optional(),
    STRIPE_URL: configFields.url.prefault('https://api.stripe.com'),
    /** Where the provider sends its events. */
    CALLBACK_URL: configFields.url,
    /** How long a provider may be silent about a charge before it is asked. */
    PAYMENT_LOOK_AFTER_MS: configFields.ms(10, 3_600_000, 10_000),
    /** The longest wait between two questions about one charge. */
    PAYMENT_LOOK_EVERY_MS_MAX: configFields.ms(10, 86_400_000, 300_000),
    /** A day: how long providers let a buyer finish a payment that was begun. */
    PAYMENT_LATE_LOOK_MS_MAX: configFields.ms(0, 2_592_000_000, 86_400_000),
  })
  .check(({ value, issues }) => {
    if (value.STRIPE_SECRET_KEY === undefined) return;
    for (const name of ['STRIPE_WEBHOOK_SECRETS', 'STRIPE_RETURN_URL'] as const) {
      if (value[name] !== undefined) continue;
      const message = 'missing, but there is a STRIPE_SECRET_KEY';
      issues.push({ code: 'custom', path: [name], message, input: undefined });
    }
  });

export type PaymentConfig = z.infer<typeof schema>;

export function paymentConfig(env: NodeJS.ProcessEnv = process.env): PaymentConfig {
  return readConfig(schema, env);
}

export const LIMITS = {
  /** Two batches of each kind in flight per server, and the relay, resolver and deletions beside. */
  mysqlPoolSize: 12,
  rpcDeadlineMsDefault: 5_000,
  rpcDeadlineMsMax: 30_000,
  /** A call waits for one or two commits and the provider: 2,000 at 100 ms are 20,000 a second. */
  rpcConcurrencyMax: 2_000,
  drainMsMax: 10_000,
  stopMsMax: 20_000,
  /** A commit takes milliseconds; a step that took 5 s meets a broken database. */
  stepMsMax: 5_000,
  /** Fresh news is delivered by whoever wrote it; the relay takes over after this. */
  outboxFirstDelayMs: 3_000,
  outboxBatchMax: 500,
  /** With delays that double up to a minute, half an hour of trying; then a person looks. */
  outboxAttemptsMax: 40,
  resolveIntervalMs: 500,
  resolveErrorDelayMs: 1_000,
} as const;

export const PROVIDER_LIMITS = {
  connectionsMax: 64,
  /** What 64 connections work off in about a second. */
  waitingMax: 4_096,
  connectMsMax: 1_000,
  /** Shorter than the usual deadline of a call, so that the caller hears of it. */
  totalMsMax: 3_000,
  /** Stripe's answers take a second where the sandbox's take a millisecond. */
  stripeTotalMsMax: 4_000,
  failuresMax: 10,
  openMs: 1_000,
  retryMs: 1_000,
} as const;
