// Alerts on what buyers feel: CreateOrder, and the processes that answer it.

import type { Alert } from './alert.js';

const CREATE = 'rpc_method="spillway.order.v1.OrderService/CreateOrder"';
/** What the mesh owes and did not do. Refusals such as SOLD_OUT have other codes. */
const FAILED =
  'rpc_response_status_code=~"UNAVAILABLE|INTERNAL|UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED"';

const count = (labels: string) => `rpc_server_call_duration_seconds_count{${labels}}`;
const calls = (code: string) =>
  `rpc_server_call_duration_seconds_count{${CREATE},rpc_response_status_code="${code}"}`;
const bucket = (le: string) => `rpc_server_call_duration_seconds_bucket{${CREATE},le="${le}"}`;

const p99 = `histogram_quantile(0.99, sum by (le) (rate(rpc_server_call_duration_seconds_bucket{${CREATE}}[5m])))`;

/** 1,000 calls a minute: so many within 0.1 s, the rest within 0.3 s, 1 s, or never. */
const answers = (within: { s01: number; s03: number; s1: number }) => ({
  [bucket('0.1')]: `0+${within.s01}x20`,
  [bucket('0.2')]: `0+${within.s01}x20`,
  [bucket('0.3')]: `0+${within.s03}x20`,
  [bucket('0.5')]: `0+${within.s03}x20`,
  [bucket('1')]: `0+${within.s1}x20`,
  [bucket('+Inf')]: '0+1000x20',
});

export const ORDER_ALERTS: readonly Alert[] = [
  {
    name: 'SpillwayProcessDown',
    severity: 'page',
    expr: 'up{job=~"spillway-.*"} == 0',
    for: '1m',
    summary: 'A process of the mesh does not answer its metrics endpoint.',
    fires: {
      series: { 'up{job="spillway-order",instance="a"}': '1 1 0x10' },
      at: '5m',
      labels: { job: 'spillway-order', instance: 'a' },
    },
    silent: { series: { 'up{job="spillway-order",instance="a"}': '1 1 0 1x10' }, at: '5m' },
  },
  {
    name: 'SpillwayCreateOrderFailures',
    severity: 'page',
    expr: `sum(rate(${count(`${CREATE},${FAILED}`)}[5m])) / sum(rate(${count(CREATE)}[5m])) > 0.01`,
    for: '2m',
    summary: 'More than 1 % of CreateOrder calls fail through no fault of the caller.',
    fires: { series: { [calls('OK')]: '0+980x20', [calls('UNAVAILABLE')]: '0+20x20' }, at: '10m' },
    silent: {
      series: {
        [calls('OK')]: '0+10x20',
        [calls('FAILED_PRECONDITION')]: '0+985x20',
        [calls('UNAVAILABLE')]: '0+5x20',
      },
      at: '10m',
    },
  },
  {
    name: 'SpillwayCreateOrderSlow',
    severity: 'ticket',
    expr: `${p99} > 0.2`,
    for: '5m',
    summary: 'One CreateOrder in a hundred takes longer than 200 ms.',
    fires: { series: answers({ s01: 950, s03: 1_000, s1: 1_000 }), at: '15m' },
    silent: { series: answers({ s01: 995, s03: 1_000, s1: 1_000 }), at: '15m' },
  },
  {
    name: 'SpillwayCreateOrderVerySlow',
    severity: 'page',
    expr: `${p99} > 0.5`,
    for: '2m',
    summary: 'One CreateOrder in a hundred takes longer than 500 ms.',
    fires: { series: answers({ s01: 900, s03: 950, s1: 1_000 }), at: '15m' },
    silent: { series: answers({ s01: 950, s03: 1_000, s1: 1_000 }), at: '15m' },
  },
  {
    name: 'SpillwayDeadlineLag',
    severity: 'ticket',
    expr: 'max(spillway_order_deadline_lag_seconds) > 30',
    for: '2m',
    summary: 'Unpaid orders are cancelled more than 30 s after their deadline.',
    fires: {
      series: { 'spillway_order_deadline_lag_seconds{instance="a"}': '0+20x20' },
      at: '10m',
    },
    silent: {
      series: { 'spillway_order_deadline_lag_seconds{instance="a"}': '0 5 40 2 5 40 3x10' },
      at: '10m',
    },
  },
  {
    name: 'SpillwayEventLoopBlocked',
    severity: 'ticket',
    expr: 'max by (job, instance) (nodejs_eventloop_delay_p99_seconds) > 0.1',
    for: '2m',
    summary: 'A process is so busy that everything in it waits 100 ms for its turn.',
    fires: {
      series: { 'nodejs_eventloop_delay_p99_seconds{job="spillway-order",instance="a"}': '0.3x10' },
      at: '5m',
      labels: { job: 'spillway-order', instance: 'a' },
    },
    silent: {
      series: {
        'nodejs_eventloop_delay_p99_seconds{job="spillway-order",instance="a"}': '0.01 0.3 0.02x10',
      },
      at: '5m',
    },
  },
];
