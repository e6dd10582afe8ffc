// What the shop lives on: units, and the orders and payments that they become.

import { type Dashboard, quantile, rate } from './panel.js';

const SETTLE = 'batcher=~"settle.*"';

export const STOCK_DASHBOARD: Dashboard = {
  uid: 'spillway-stock',
  title: 'Spillway: stock',
  rows: [
    {
      title: 'Gate and arbiter',
      panels: [
        {
          title: 'What the gate says',
          unit: 'ops',
          lines: { '{{outcome}}': rate('spillway_gate_replies_total', 'outcome') },
        },
        {
          title: 'What the arbiter says',
          unit: 'ops',
          lines: { '{{outcome}}': rate('spillway_settle_results_total', 'outcome') },
        },
        {
          title: 'Units',
          unit: 'ops',
          lines: {
            'gate: {{move}}': rate('spillway_gate_units_total', 'move'),
            settled: rate('spillway_settle_units_total'),
          },
        },
        {
          title: 'Settle: orders per commit',
          unit: 'short',
          lines: {
            mean: `${rate(`spillway_batch_size_sum{${SETTLE}}`)} / ${rate(`spillway_batch_size_count{${SETTLE}}`)}`,
            p99: quantile(0.99, 'spillway_batch_size', SETTLE),
          },
        },
        {
          title: 'Settle: time of a commit',
          unit: 's',
          lines: {
            p50: quantile(0.5, 'spillway_batch_duration_seconds', SETTLE),
            p99: quantile(0.99, 'spillway_batch_duration_seconds', SETTLE),
          },
        },
        {
          title: 'Between gate and arbiter',
          unit: 'short',
          hint: 'A difference that stands still is a drift, and is loaded anew.',
          lines: {
            'grants in flight': 'sum(spillway_gate_in_flight)',
            'units that differ': 'max(spillway_gate_difference)',
          },
        },
      ],
    },
    {
      title: 'Repairs',
      panels: [
        {
          title: 'SKUs loaded anew, by cause',
          unit: 'ops',
          lines: { '{{cause}}': rate('spillway_stock_rebases_total', 'cause') },
        },
        {
          title: 'Drifts and what does not add up',
          unit: 'short',
          lines: {
            'drifts, last hour': 'sum(increase(spillway_stock_drifts_total[1h]))',
            'SKUs that do not add up': 'max(spillway_stock_unbalanced)',
          },
        },
        {
          title: 'Holds that ended, by their order',
          unit: 'ops',
          lines: { '{{fate}}': rate('spillway_stock_check_backs_total', 'fate') },
        },
      ],
    },
    {
      title: 'What there is',
      panels: [
        {
          title: 'Units by size of SKU',
          unit: 'short',
          lines: {
            '{{sku_class}} {{holding}}': 'max by (sku_class, holding) (spillway_stock_units)',
          },
        },
        {
          title: 'SKUs by size',
          unit: 'short',
          lines: { '{{sku_class}}': 'max by (sku_class) (spillway_stock_skus)' },
        },
        { title: 'SKUs that run low', unit: 'short', lines: { low: 'max(spillway_stock_low)' } },
      ],
    },
  ],
};

export const ORDER_DASHBOARD: Dashboard = {
  uid: 'spillway-orders',
  title: 'Spillway: orders and payments',
  rows: [
    {
      title: 'Orders',
      panels: [
        {
          title: 'Entering a state',
          unit: 'ops',
          lines: { '{{state}}': rate('spillway_order_transitions_total', 'state') },
        },
        {
          title: 'Open',
          unit: 'short',
          lines: { '{{state}}': 'max by (state) (spillway_order_open)' },
        },
        {
          title: 'Oldest in its state',
          unit: 's',
          lines: { '{{state}}': 'max by (state) (spillway_order_oldest_age_seconds)' },
        },
        {
          title: 'Age when paid',
          unit: 's',
          lines: {
            p50: quantile(0.5, 'spillway_order_age_seconds', 'state="PAID"'),
            p95: quantile(0.95, 'spillway_order_age_seconds', 'state="PAID"'),
          },
        },
        {
          title: 'Expiry is late by',
          unit: 's',
          lines: { lag: 'max(spillway_order_deadline_lag_seconds)' },
        },
      ],
    },
    {
      title: 'Payments',
      panels: [
        {
          title: 'Entering a state',
          unit: 'ops',
          lines: { '{{state}}': rate('spillway_payment_transitions_total', 'state') },
        },
        {
          title: 'Open, and stuck',
          unit: 'short',
          lines: {
            '{{state}}': 'max by (state) (spillway_payment_open)',
            stuck: 'max(spillway_payment_stuck)',
          },
        },
        {
          title: 'Callbacks',
          unit: 'ops',
          lines: { '{{result}}': rate('spillway_payment_events_total', 'result') },
        },
        {
          title: 'Callback delay',
          unit: 's',
          lines: {
            p50: quantile(0.5, 'spillway_payment_callback_delay_seconds'),
            p95: quantile(0.95, 'spillway_payment_callback_delay_seconds'),
          },
        },
        {
          title: 'Provider, p99',
          unit: 's',
          lines: {
            '{{operation}}': quantile(
              0.99,
              'spillway_payment_provider_duration_seconds',
              '',
              'operation',
            ),
            'down (1 = yes)': 'max(spillway_payment_provider_down)',
          },
        },
      ],
    },
  ],
};
