// Alerts on units: that none is lost, and that none is left.

import type { Alert } from './alert.js';

const DRIFTS = 'spillway_stock_drifts_total{instance="a"}';
const REBASES = 'spillway_stock_rebases_total';

export const STOCK_ALERTS: readonly Alert[] = [
  {
    name: 'SpillwayStockDrift',
    severity: 'ticket',
    expr: 'sum(increase(spillway_stock_drifts_total[10m])) > 0',
    for: '0m',
    summary: 'Gate and arbiter differed on a SKU while nobody worked on it; it was loaded anew.',
    fires: { series: { [DRIFTS]: '0x5 2x10' }, at: '8m' },
    silent: { series: { [DRIFTS]: '7x20' }, at: '15m' },
  },
  {
    name: 'SpillwayStockDriftStays',
    severity: 'page',
    expr: 'max(min_over_time(spillway_gate_difference[5m])) > 0',
    for: '1m',
    summary: 'Gate and arbiter have differed for five minutes: the repair does not work.',
    fires: { series: { 'spillway_gate_difference{instance="a"}': '0 3x20' }, at: '12m' },
    silent: {
      series: { 'spillway_gate_difference{instance="a"}': '3 9 0 4 5 0 7 1 2 0 3 1 2 0' },
      at: '12m',
    },
  },
  {
    name: 'SpillwayConservationBroken',
    severity: 'page',
    expr: 'max(spillway_stock_unbalanced) > 0',
    for: '0m',
    summary: 'A SKU does not add up, or disagrees with its own ledger.',
    fires: { series: { 'spillway_stock_unbalanced{instance="a"}': '0 0 1x10' }, at: '4m' },
    silent: { series: { 'spillway_stock_unbalanced{instance="a"}': '0x10' }, at: '4m' },
  },
  {
    name: 'SpillwayStockLow',
    severity: 'ticket',
    expr: 'max(spillway_stock_low) > 0',
    for: '1m',
    summary: 'A SKU has fewer units left than LOW_STOCK_BELOW (10), and some.',
    fires: { series: { 'spillway_stock_low{instance="a"}': '0 2x10' }, at: '5m' },
    silent: { series: { 'spillway_stock_low{instance="a"}': '0 2 0x10' }, at: '5m' },
  },
  {
    name: 'SpillwayRebaseStorm',
    severity: 'page',
    expr: 'sum(rate(spillway_stock_rebases_total{cause!="restock"}[2m])) > 10',
    for: '5m',
    summary: 'Redis is loaded anew again and again: it forgets, or processes void each other.',
    fires: { series: { [`${REBASES}{cause="gate_repair"}`]: '0+1200x20' }, at: '12m' },
    // 10,000 SKUs after Redis lost everything, and a day of restocks.
    silent: {
      series: {
        [`${REBASES}{cause="gate_repair"}`]: '0 5000 10000x20',
        [`${REBASES}{cause="restock"}`]: '0+1200x20',
      },
      at: '12m',
    },
  },
  {
    name: 'SpillwayOrderStockDisagree',
    severity: 'page',
    expr: 'sum(increase(spillway_stock_check_backs_total{fate="disagreement"}[15m])) > 0',
    for: '0m',
    summary: 'An order and its reservation tell different stories.',
    fires: {
      series: { 'spillway_stock_check_backs_total{fate="disagreement"}': '0x5 1x10' },
      at: '8m',
    },
    silent: {
      series: {
        'spillway_stock_check_backs_total{fate="disagreement"}': '1x20',
        'spillway_stock_check_backs_total{fate="paid"}': '0+50x20',
      },
      at: '18m',
    },
  },
];
