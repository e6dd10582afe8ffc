// What buyers feel, first: traffic, errors, duration, saturation.

import { type Dashboard, quantile, rate } from './panel.js';

const CREATE = 'rpc_method="spillway.order.v1.OrderService/CreateOrder"';
const SERVER = 'rpc_server_call_duration_seconds';
const FAILED =
  'rpc_response_status_code=~"UNAVAILABLE|INTERNAL|UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED"';

export const GOLDEN_DASHBOARD: Dashboard = {
  uid: 'spillway-golden',
  title: 'Spillway: golden signals',
  rows: [
    {
      title: 'CreateOrder',
      panels: [
        {
          title: 'Orders per second, by outcome',
          unit: 'reqps',
          lines: { '{{outcome}}': rate('spillway_order_creates_total', 'outcome') },
        },
        {
          title: 'Failures',
          unit: 'percentunit',
          hint: 'Refusals such as SOLD_OUT are no failures.',
          lines: {
            failed: `${rate(`${SERVER}_count{${CREATE},${FAILED}}`)} / ${rate(`${SERVER}_count{${CREATE}}`)}`,
          },
        },
        {
          title: 'Duration',
          unit: 's',
          lines: {
            p50: quantile(0.5, SERVER, CREATE),
            p99: quantile(0.99, SERVER, CREATE),
            'p99.9': quantile(0.999, SERVER, CREATE),
          },
        },
      ],
    },
    {
      title: 'All calls',
      panels: [
        {
          title: 'Calls per second',
          unit: 'reqps',
          lines: { '{{rpc_method}}': rate(`${SERVER}_count`, 'rpc_method') },
        },
        {
          title: 'Failures per second',
          unit: 'reqps',
          lines: {
            '{{rpc_method}} {{rpc_response_status_code}}': rate(
              `${SERVER}_count{${FAILED}}`,
              'rpc_method, rpc_response_status_code',
            ),
          },
        },
        {
          title: 'p99 by method',
          unit: 's',
          lines: { '{{rpc_method}}': quantile(0.99, SERVER, '', 'rpc_method') },
        },
        {
          title: 'Between the services, p99',
          unit: 's',
          lines: {
            '{{job}} to {{rpc_method}}': quantile(
              0.99,
              'rpc_client_call_duration_seconds',
              '',
              'job, rpc_method',
            ),
          },
        },
        {
          title: 'HTTP at the gateway',
          unit: 'reqps',
          lines: {
            '{{http_route}} {{http_response_status_code}}': rate(
              'http_server_request_duration_seconds_count',
              'http_route, http_response_status_code',
            ),
          },
        },
      ],
    },
    {
      title: 'Saturation',
      panels: [
        {
          title: 'Calls in progress, of the limit',
          unit: 'percentunit',
          lines: { '{{instance}} {{kind}}': 'spillway_rpc_active / spillway_rpc_limit' },
        },
        {
          title: 'Event loop delay, p99',
          unit: 's',
          lines: { '{{instance}}': 'nodejs_eventloop_delay_p99_seconds' },
        },
        {
          title: 'Processor',
          unit: 'percentunit',
          lines: { '{{instance}}': rate('process_cpu_time_seconds_total', 'instance') },
        },
        {
          title: 'Waiting for a batch',
          unit: 'short',
          lines: { '{{batcher}}': 'sum by (batcher) (spillway_batch_waiting)' },
        },
        {
          title: 'Refused by queues',
          unit: 'ops',
          lines: { '{{batcher}}': rate('spillway_batch_refused_total', 'batcher') },
        },
      ],
    },
  ],
};
