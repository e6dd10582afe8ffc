// What everything stands on: MySQL, Redis, the outboxes, and Node itself.

import { type Dashboard, quantile, rate } from './panel.js';

const OPERATION = 'db_client_operation_duration_seconds';
const USED = 'db_client_connection_state="used"';
const POOL = 'db_client_connection_pool_name';

export const STORE_DASHBOARD: Dashboard = {
  uid: 'spillway-stores',
  title: 'Spillway: stores and processes',
  rows: [
    {
      title: 'MySQL and Redis',
      panels: [
        {
          title: 'Operations per second',
          unit: 'ops',
          lines: {
            '{{db_system_name}} {{db_operation_name}}': rate(
              `${OPERATION}_count`,
              'db_system_name, db_operation_name',
            ),
          },
        },
        {
          title: 'Operations, p99',
          unit: 's',
          lines: {
            '{{db_system_name}} {{db_operation_name}}': quantile(
              0.99,
              OPERATION,
              '',
              'db_system_name, db_operation_name',
            ),
          },
        },
        {
          title: 'Failed operations',
          unit: 'ops',
          lines: {
            '{{db_operation_name}} {{error_type}}': rate(
              `${OPERATION}_count{error_type!=""}`,
              'db_operation_name, error_type',
            ),
          },
        },
        {
          title: 'Connections in use, of the limit',
          unit: 'percentunit',
          lines: {
            [`{{instance}} {{${POOL}}}`]:
              `sum by (instance, ${POOL}) (db_client_connection_count{${USED}})` +
              ` / sum by (instance, ${POOL}) (db_client_connection_max)`,
          },
        },
        {
          title: 'Waiting for a connection',
          unit: 'short',
          lines: {
            [`{{instance}} {{${POOL}}}`]: 'db_client_connection_pending_requests',
          },
        },
        {
          title: 'Wait for a connection, p99',
          unit: 's',
          lines: { p99: quantile(0.99, 'db_client_connection_wait_time_seconds') },
        },
        {
          title: 'Mean wait for a row',
          unit: 's',
          lines: {
            '{{server}}':
              'max by (server) (rate(spillway_mysql_row_lock_time_seconds_total[$__rate_interval])' +
              ' / rate(spillway_mysql_row_lock_waits_total[$__rate_interval]))',
          },
        },
        {
          title: 'Waiting for a row now',
          unit: 'short',
          lines: { '{{server}}': 'max by (server) (spillway_mysql_row_lock_waiting)' },
        },
        {
          title: 'Lost against another transaction',
          unit: 'ops',
          lines: {
            '{{cause}}': rate('spillway_mysql_contention_total', 'cause'),
            'redis connections lost': rate('spillway_redis_disconnects_total'),
          },
        },
        {
          title: 'Reads of orders that a replica may answer',
          unit: 'ops',
          hint: 'All but ANSWERED were answered by the primary.',
          lines: { '{{outcome}}': rate('spillway_order_replica_reads_total', 'outcome') },
        },
      ],
    },
    {
      title: 'Outboxes and loops',
      panels: [
        {
          title: 'Events by fate',
          unit: 'ops',
          lines: { '{{job}} {{result}}': rate('spillway_outbox_events_total', 'job, result') },
        },
        {
          title: 'Waiting and parked',
          unit: 'short',
          lines: {
            '{{job}} waiting': 'max by (job) (spillway_outbox_waiting)',
            '{{job}} parked': 'max by (job) (spillway_outbox_parked)',
          },
        },
        {
          title: 'Oldest event',
          unit: 's',
          lines: { '{{job}}': 'max by (job) (spillway_outbox_lag_seconds)' },
        },
        {
          title: 'Failed runs of loops',
          unit: 'ops',
          lines: { '{{loop}}': rate('spillway_loop_failures_total', 'loop') },
        },
        {
          title: 'Since the last look',
          unit: 's',
          lines: { '{{job}} {{look}}': 'max by (job, look) (spillway_look_age_seconds)' },
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Event loop busy',
          unit: 'percentunit',
          lines: { '{{instance}}': 'nodejs_eventloop_utilization' },
        },
        {
          title: 'Garbage collection',
          unit: 'percentunit',
          lines: {
            '{{instance}} {{v8js_gc_type}}': rate(
              'v8js_gc_duration_seconds_sum',
              'instance, v8js_gc_type',
            ),
          },
        },
        {
          title: 'Memory',
          unit: 'bytes',
          lines: {
            '{{instance}} resident': 'process_memory_usage_bytes',
            '{{instance}} heap': 'v8js_memory_heap_used_bytes',
          },
        },
      ],
    },
  ],
};
