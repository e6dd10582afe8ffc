// Turns `./spillway status --json` into Prometheus' list of targets: one group per process, whose job
// is spillway-<service> and whose instance is the name of the process.
import { readFileSync } from 'node:fs';

const { metrics } = JSON.parse(readFileSync(0, 'utf8'));
const groups = Object.entries(metrics).map(([instance, address]) => ({
  targets: [address],
  labels: { job: `spillway-${instance.replace(/-\d+$/, '')}`, instance },
}));
process.stdout.write(`${JSON.stringify(groups, null, 2)}\n`);
