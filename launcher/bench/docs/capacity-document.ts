// docs/capacity.md: the plan for 10,000 and 100,000 orders a second with every number it is made
// of. Pure.
import type { WholeBenchResult } from '../bench-result.js';
import { n } from '../table.js';
import { row, rule } from './benchmark-tables.js';
import {
  type CapacityCosts,
  type CapacityPlan,
  capacityCosts,
  type Kind,
  MIX,
  MYSQL_CORES,
  planCapacity,
  SERVERS_MAX,
  SERVICE_KINDS,
  STORE_KINDS,
  USE_OF_SERVICES,
  USE_OF_STORES,
} from './capacity.js';

export const TARGETS = [10_000, 100_000];

export function capacityDocument(result: WholeBenchResult): string {
  const costs = capacityCosts(result);
  const plans = TARGETS.map((target) => planCapacity(costs, target));
  return [
    ...measured(result, costs),
    ...formulas(costs),
    ...needs(plans),
    ...example(costs, plans),
    ...extrapolated(result, plans),
  ].join('\n');
}

function measured({ machine, versions, options }: WholeBenchResult, costs: CapacityCosts) {
  const kinds: readonly Kind[] = [...SERVICE_KINDS, ...STORE_KINDS];
  const [p50, p99] = [costs.latencyMs.p50.toFixed(1), costs.latencyMs.p99.toFixed(1)];
  const where = `${machine.cores} processors (${machine.cpu}), Node ${versions.node}`;
  return [
    '## What was measured',
    '',
    `By \`${options.command}\` on ${where}:`,
    'microseconds of processor time per accepted order, with all that follows it.',
    '',
    row(['Kind of process', 'µs per order']),
    rule(2),
    ...kinds.map((kind) => row([kind, costs.micros[kind].toFixed(1)])),
    '',
    `CreateOrder took ${p50} ms (median) and ${p99} ms (99 of 100) with the machine full.`,
    `The dearest topology cost ${costs.topologyFactor.toFixed(2)} times the cheapest.`,
    '',
  ];
}

function formulas(costs: CapacityCosts): string[] {
  const [paid, cancelled] = [MIX.paid, MIX.cancelled].map((share) => `${share * 100} %`);
  const factor = costs.topologyFactor.toFixed(2);
  const perServer = `${MYSQL_CORES} x ${USE_OF_STORES}`;
  return [
    '## Formulas',
    '',
    `Of the accepted orders ${paid} are paid and ${cancelled} cancelled before that. For each of them`,
    `there are ${MIX.reads} reads, and ${MIX.soldOut} buyers who are told that it is sold out. For each kind:`,
    '',
    '```text',
    'c     = create + paid share x (paid order - create) + cancelled share x cancel',
    '        + reads x GetOrder + losers x sold out                              [µs per order]',
    `cores = orders per second x c x f / 1,000,000       f = ${factor}, the factor of the topology`,
    `N     = cores / ${USE_OF_SERVICES}, rounded up: processes of a service, one thread each`,
    'X     = a tenth of N, at least 2: one is replaced by a release while another dies',
    `Redis = cores / ${USE_OF_STORES} masters, each with a replica (one thread each)`,
    `MySQL = cores / (${perServer}) servers of ${MYSQL_CORES} cores, each with a replica`,
    'L     = orders per second x latency: calls in flight (Little)',
    '```',
    '',
  ];
}

function needs(plans: readonly CapacityPlan[]): string[] {
  const column = (pick: (plan: CapacityPlan) => string) => plans.map(pick);
  const processes = (kind: (typeof SERVICE_KINDS)[number]) =>
    column(({ services }) => `${n(services[kind].needed)} + ${n(services[kind].spare)}`);
  const stores = (count: number) => `${n(count)}, and as many replicas`;
  return [
    '## What it needs',
    '',
    row(['Orders per second', ...column((plan) => n(plan.ordersPerSecond))]),
    rule(1 + plans.length),
    ...SERVICE_KINDS.map((kind) => row([`${kind} processes, N + X`, ...processes(kind)])),
    row(['Redis masters', ...column((plan) => stores(plan.redisMasters))]),
    row([`MySQL servers of ${MYSQL_CORES} cores`, ...column((plan) => stores(plan.mysqlServers))]),
    row(['CreateOrder in flight, median', ...column((plan) => n(plan.inFlight.p50))]),
    row(['CreateOrder in flight, 99 of 100', ...column((plan) => n(plan.inFlight.p99))]),
    row(['cores in all', ...column((plan) => n(plan.coresTotal))]),
    '',
  ];
}

/** One number followed by hand, so that a reader can check the rest. */
function example(costs: CapacityCosts, plans: readonly CapacityPlan[]): string[] {
  return plans.slice(0, 1).map(({ ordersPerSecond, cores, services }) => {
    const micros = costs.micros.order.toFixed(1);
    const busy = cores.order.toFixed(1);
    return (
      `For example the order service at ${n(ordersPerSecond)}/s: ${n(ordersPerSecond)} x ${micros} µs x ` +
      `${costs.topologyFactor.toFixed(2)} = ${busy} busy cores; ${busy} / ${USE_OF_SERVICES} = ` +
      `${n(services.order.needed)} processes, and ${n(services.order.spare)} spare.\n`
    );
  });
}

function extrapolated(
  { machine, create_order: hot }: WholeBenchResult,
  plans: readonly CapacityPlan[],
) {
  const servers = plans.flatMap((plan) => [plan.redisMasters, plan.mysqlServers]);
  const tooMany =
    Math.max(...servers) > SERVERS_MAX
      ? [
          `* **More than ${SERVERS_MAX} servers of a kind are not possible**: there are ${SERVERS_MAX} logical`,
          '  shards and partitions. The larger number needs larger servers, or more shards.',
        ]
      : [];
  return [
    '## What is measured, and what is extrapolated',
    '',
    `* Measured: cost per operation on ${machine.cores} cores, with up to two processes of a service,`,
    '  three Redis masters and two MySQL servers, everything on one machine and its loopback.',
    '* Extrapolated: that the cost per order stays as it is with more servers. Batches get smaller when',
    '  the same orders spread over more processes (dearer) and larger when each of them gets more',
    '  orders (cheaper); the factor f covers what was seen of the first.',
    '* Not in it: the network between machines, TLS, replication, backups, the load balancer, disks.',
    `* One hot SKU is one row on one server: ${n(hot?.per_second ?? 0)} orders/s were measured for it here.`,
    '  More servers do not raise that; spreading the units of a sale over several SKUs does.',
    '* Latency is that of a full machine, so the calls in flight are an upper bound.',
    ...tooMany,
    '',
  ];
}
