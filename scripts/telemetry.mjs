// Prints what is derived from the catalogue of metrics, the alerts and the dashboards: docs/metrics.md,
// deploy/prometheus and deploy/grafana. Build first; a test compares what is checked in.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { printedFiles } = await import(
  new URL('../dist/launcher/telemetry/printed-files.js', import.meta.url).href
);

for (const [file, text] of Object.entries(printedFiles())) {
  mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true });
  writeFileSync(path.join(ROOT, file), text);
  console.log(file);
}
