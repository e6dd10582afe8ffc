// Alerts on work that should be done by now: payments, events, and the stores that do it.

import type { Alert } from './alert.js';

const DELAY = 'spillway_payment_callback_delay_seconds_bucket';
const CONTENTION = 'spillway_mysql_contention_total{cause="lock_wait_timeout",instance="a"}';
const LOCK_TIME = 'spillway_mysql_row_lock_time_seconds_total{server="m"}';
const LOCK_WAITS = 'spillway_mysql_row_lock_waits_total{server="m"}';
const POOL = 'db_client_connection_pool_name="m",instance="a",job="spillway-order"';
const PENDING = `db_client_connection_pending_requests{${POOL}}`;

export const WORK_ALERTS: readonly Alert[] = [
  {
    name: 'SpillwayPaymentsStuck',
    severity: 'page',
    expr: 'max(spillway_payment_stuck) > 0',
    for: '10m',
    summary: 'Payments are open at the provider although their time to pay is over.',
    fires: { series: { 'spillway_payment_stuck{instance="a"}': '4x20' }, at: '12m' },
    silent: { series: { 'spillway_payment_stuck{instance="a"}': '4x8 0x10' }, at: '12m' },
  },
  {
    name: 'SpillwayCallbackDelay',
    severity: 'ticket',
    expr: `histogram_quantile(0.95, sum by (le) (rate(${DELAY}[5m]))) > 60`,
    for: '2m',
    summary: "The provider's callbacks arrive more than a minute after what they tell.",
    fires: {
      series: {
        [`${DELAY}{le="60"}`]: '0+90x20',
        [`${DELAY}{le="300"}`]: '0+100x20',
        [`${DELAY}{le="+Inf"}`]: '0+100x20',
      },
      at: '10m',
    },
    silent: {
      series: {
        [`${DELAY}{le="60"}`]: '0+98x20',
        [`${DELAY}{le="300"}`]: '0+100x20',
        [`${DELAY}{le="+Inf"}`]: '0+100x20',
      },
      at: '10m',
    },
  },
  {
    name: 'SpillwayProviderDown',
    severity: 'page',
    expr: 'max(spillway_payment_provider_down) == 1',
    for: '2m',
    summary: 'The payment provider is taken to be down; nobody can pay.',
    fires: { series: { 'spillway_payment_provider_down{instance="a"}': '0 1x10' }, at: '5m' },
    silent: {
      series: { 'spillway_payment_provider_down{instance="a"}': '0 1 0 1 0x10' },
      at: '5m',
    },
  },
  {
    name: 'SpillwayOutboxLag',
    severity: 'page',
    expr: 'max by (job) (spillway_outbox_lag_seconds) > 60',
    for: '2m',
    summary: 'An event has waited for more than a minute to be heard.',
    fires: {
      series: { 'spillway_outbox_lag_seconds{job="spillway-order",instance="a"}': '0+60x20' },
      at: '8m',
      labels: { job: 'spillway-order' },
    },
    silent: {
      series: {
        'spillway_outbox_lag_seconds{job="spillway-order",instance="a"}': '1 30 70 3 5x20',
      },
      at: '8m',
    },
  },
  {
    name: 'SpillwayParkedWork',
    severity: 'ticket',
    expr: 'max by (job) (spillway_outbox_parked) > 0',
    for: '0m',
    summary: 'An event was set aside: a person has to decide about it.',
    fires: {
      series: { 'spillway_outbox_parked{job="spillway-order",instance="a"}': '0 1x10' },
      at: '3m',
      labels: { job: 'spillway-order' },
    },
    silent: {
      series: { 'spillway_outbox_parked{job="spillway-order",instance="a"}': '0x10' },
      at: '3m',
    },
  },
  {
    name: 'SpillwayLockWaits',
    severity: 'ticket',
    expr:
      'max by (server) (rate(spillway_mysql_row_lock_time_seconds_total[5m])' +
      ' / rate(spillway_mysql_row_lock_waits_total[5m])) > 1',
    for: '1m',
    summary: 'Transactions wait longer than a second for a row, on average.',
    fires: {
      series: { [LOCK_TIME]: '0+90x20', [LOCK_WAITS]: '0+60x20' },
      at: '10m',
      labels: { server: 'm' },
    },
    // A hot row: a thousand waits of 5 ms a minute.
    silent: { series: { [LOCK_TIME]: '0+5x20', [LOCK_WAITS]: '0+1000x20' }, at: '10m' },
  },
  {
    name: 'SpillwayLockWaitTimeouts',
    severity: 'page',
    expr: 'sum(increase(spillway_mysql_contention_total{cause="lock_wait_timeout"}[5m])) > 0',
    for: '1m',
    summary: 'Transactions gave up waiting for a row after two seconds.',
    fires: { series: { [CONTENTION]: '0+3x20' }, at: '10m' },
    silent: {
      series: {
        [CONTENTION]: '3x20',
        'spillway_mysql_contention_total{cause="deadlock",instance="a"}': '0+3x20',
      },
      at: '10m',
    },
  },
  {
    name: 'SpillwayPoolExhausted',
    severity: 'page',
    expr:
      'max by (job, instance, db_client_connection_pool_name)' +
      ' (min_over_time(db_client_connection_pending_requests[2m])) > 0',
    for: '1m',
    summary: 'Work has waited for a MySQL connection for minutes without a pause.',
    fires: {
      series: { [PENDING]: '0 9x20' },
      at: '8m',
      labels: { job: 'spillway-order', instance: 'a', db_client_connection_pool_name: 'm' },
    },
    silent: { series: { [PENDING]: '0 9 0 12 0 3 0 8 0 7 0 9' }, at: '8m' },
  },
  {
    name: 'SpillwayLooksStale',
    severity: 'ticket',
    expr: 'max by (job, look) (spillway_look_age_seconds) > 600',
    for: '1m',
    summary: 'A look at a store has not succeeded for ten minutes: alerts on it are blind.',
    fires: {
      series: { 'spillway_look_age_seconds{job="spillway-order",look="outbox"}': '0+60x20' },
      at: '15m',
      labels: { job: 'spillway-order', look: 'outbox' },
    },
    silent: {
      series: { 'spillway_look_age_seconds{job="spillway-order",look="outbox"}': '3 240 5x20' },
      at: '15m',
    },
  },
];
