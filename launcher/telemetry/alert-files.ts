// Prints the alerts as what Prometheus reads: the rules, and the unit tests of the rules.

import { type Alert, INTERVAL, type Story } from './alert.js';
import { ORDER_ALERTS } from './order-alerts.js';
import { STOCK_ALERTS } from './stock-alerts.js';
import { WORK_ALERTS } from './work-alerts.js';

export const ALERT_GROUPS: Readonly<Record<string, readonly Alert[]>> = {
  'spillway-orders': ORDER_ALERTS,
  'spillway-stock': STOCK_ALERTS,
  'spillway-work': WORK_ALERTS,
};

export const ALERTS: readonly Alert[] = Object.values(ALERT_GROUPS).flat();

const HEADER = `# Printed by scripts/telemetry.mjs from launcher/telemetry/*-alerts.ts; edit there.
# A test compares, and runs promtool on it.
`;

export function rulesFile(): string {
  const groups = Object.entries(ALERT_GROUPS).map(([name, alerts]) => {
    return `  - name: ${name}\n    rules:\n${alerts.map(ruleOf).join('')}`;
  });
  return `${HEADER}groups:\n${groups.join('')}`;
}

/** Each alert fires in its own story and in no other one's silence. */
export function ruleTestsFile(): string {
  const tests = ALERTS.flatMap((alert) => [
    testOf(alert, alert.fires, true),
    testOf(alert, alert.silent, false),
  ]);
  const head = `${HEADER}rule_files:\n  - rules.yml\nevaluation_interval: ${INTERVAL}\ntests:\n`;
  return head + tests.join('');
}

function ruleOf(alert: Alert): string {
  return [
    `      - alert: ${alert.name}`,
    `        expr: ${quoted(alert.expr)}`,
    `        for: ${alert.for}`,
    `        labels:`,
    `          severity: ${alert.severity}`,
    `        annotations:`,
    ...Object.entries(annotationsOf(alert)).map(
      ([key, text]) => `          ${key}: ${quoted(text)}`,
    ),
    '',
  ].join('\n');
}

function testOf(alert: Alert, story: Story, fires: boolean): string {
  const lines = [
    `  - name: ${quoted(`${alert.name} ${fires ? 'fires' : 'is silent'}`)}`,
    `    interval: ${INTERVAL}`,
    '    input_series:',
    ...Object.entries(story.series).flatMap(([series, values]) => [
      `      - series: ${quoted(series)}`,
      `        values: ${quoted(values)}`,
    ]),
    '    alert_rule_test:',
    `      - eval_time: ${story.at}`,
    `        alertname: ${alert.name}`,
  ];
  if (!fires) return `${[...lines, '        exp_alerts: []'].join('\n')}\n`;
  const labels = { severity: alert.severity, ...story.labels };
  const expected = [
    '        exp_alerts:',
    '          - exp_labels:',
    ...Object.entries(labels).map(([key, text]) => `              ${key}: ${quoted(text)}`),
    '            exp_annotations:',
    ...Object.entries(annotationsOf(alert)).map(
      ([key, text]) => `              ${key}: ${quoted(text)}`,
    ),
  ];
  return `${[...lines, ...expected].join('\n')}\n`;
}

function annotationsOf({ name, summary }: Alert): Record<string, string> {
  return { summary, runbook: `docs/operations.md#${name.toLowerCase()}` };
}

/** JSON's text is YAML's double-quoted text. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
