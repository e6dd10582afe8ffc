// Prints docs/metrics.md from the catalogue.

import {
  METRICS,
  type MetricDefinition,
} from '../../services/platform/telemetry/metric-catalogue.js';
import { prometheusName } from '../../services/platform/telemetry/metric-names.js';

const HEAD = `# Metrics

Printed by \`scripts/telemetry.mjs\` from \`services/platform/telemetry/metric-catalogue.ts\`; a test compares them.

Every process of order, inventory, payment and gateway answers \`GET /metrics\` at
\`METRICS_LISTEN\` (\`host:port\`, port 0 for any; without it there is no endpoint).
\`./spillway up\` gives each a free port on loopback; \`./spillway status --json\` lists them under
\`metrics\`. The provider's sandbox has none: it stands for somebody else. Nobody is asked who he is,
so keep the endpoint where only the collector comes.

Names follow OpenTelemetry's conventions where there is one. In Prometheus, dots become underscores,
the unit is appended and counters end in \`_total\`; histograms have \`_bucket\`, \`_sum\` and
\`_count\`. Labels take their values from code and configuration alone, never from callers; a metric
has at most 500 series in a process, and what would be more is counted under \`other\`.

Gauges about a store (open orders, outbox, stock by class) come from looks at it, at most every five
seconds and more rarely where a look is slow: \`spillway_look_age_seconds\` tells how old they are.
Every process that looks tells the same number, so take the largest, not the sum.

| Metric in Prometheus | Kind | Labels | What it counts |
|---|---|---|---|
`;

export function metricsPage(): string {
  const rows = Object.entries(METRICS).map(([name, definition]) => row(name, definition));
  return `${HEAD}${rows.join('\n')}\n`;
}

function row(name: string, definition: MetricDefinition): string {
  const labels = definition.labels.map((label) => `\`${label}\``).join(', ');
  const cells = [
    `\`${prometheusName(name, definition)}\``,
    definition.kind,
    labels,
    definition.help,
  ];
  return `| ${cells.join(' | ')} |`;
}
