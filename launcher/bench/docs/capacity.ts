// What a number of orders per second needs, computed from what one order costs here. Pure; every
// assumption is a named number, and capacity-document.ts shows all of them with the formulas.
import { assert } from '../../../services/platform/assert.js';
import type { Figures, GrowthDimension, WholeBenchResult } from '../bench-result.js';

/** Per accepted order. A flash sale has many losers, and buyers look at what they ordered. */
export const MIX = { paid: 0.8, cancelled: 0.05, reads: 3, soldOut: 10 } as const;
/**
 * A server that is busier than this waits in queues; what is left also bears peaks within a second.
 */
export const USE_OF_SERVICES = 0.6;
export const USE_OF_STORES = 0.5;
/**
 * Of one MySQL server. A Redis master and a service process have one each: one thread does the
 * work.
 */
export const MYSQL_CORES = 8;
/** Logical shards and partitions: more servers than that would have nothing to do. */
export const SERVERS_MAX = 64;
/** One is being replaced by a new release while another dies; or a tenth, if that is more. */
const SPARES_MIN = 2;
const SPARE_SHARE = 0.1;

export const SERVICE_KINDS = ['order', 'inventory', 'payment', 'gateway'] as const;
export const STORE_KINDS = ['redis', 'mysql'] as const;
export type Kind = (typeof SERVICE_KINDS)[number] | (typeof STORE_KINDS)[number];

export interface CapacityCosts {
  /** Microseconds of each kind of process per order with all that follows it. */
  readonly micros: Readonly<Record<Kind, number>>;
  /** How much dearer an order was in the dearest topology that was measured. */
  readonly topologyFactor: number;
  /** Milliseconds from CreateOrder to its answer, with the machine full. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export interface CapacityPlan {
  readonly ordersPerSecond: number;
  readonly cores: Readonly<Record<Kind, number>>;
  /** N and X of the processes of each service. */
  readonly services: Readonly<Record<(typeof SERVICE_KINDS)[number], Redundant>>;
  /** Masters; each has a replica that takes over. */
  readonly redisMasters: number;
  readonly mysqlServers: number;
  /** Little's law: calls of CreateOrder in flight. */
  readonly inFlight: { readonly p50: number; readonly p99: number };
  readonly coresTotal: number;
}

export interface Redundant {
  readonly needed: number;
  readonly spare: number;
}

const NEEDED = ['create_order', 'paid_order', 'cancel_order', 'get_order', 'sold_out'] as const;
const TOPOLOGIES: readonly GrowthDimension[] = ['processes', 'redis_masters', 'mysql_servers'];

/** What the plan is made of and the result has no processor times of. */
export function missingForCapacity(result: WholeBenchResult): string[] {
  return NEEDED.filter((name) => result[name]?.cpu_us_by_process === undefined);
}

/** Of a result in which nothing is missing. */
export function capacityCosts(result: WholeBenchResult): CapacityCosts {
  assert(missingForCapacity(result).length === 0, 'a result without the costs of an order');
  const of = (name: (typeof NEEDED)[number], kind: Kind) =>
    result[name]?.cpu_us_by_process?.[kind] ?? 0;
  const kinds: readonly Kind[] = [...SERVICE_KINDS, ...STORE_KINDS];
  const costs = kinds.map((kind): [Kind, number] => {
    const create = of('create_order', kind);
    const following =
      // A paid order was measured from its creation on; medians may differ by a little.
      MIX.paid * Math.max(0, of('paid_order', kind) - create) +
      MIX.cancelled * of('cancel_order', kind) +
      MIX.reads * of('get_order', kind) +
      MIX.soldOut * of('sold_out', kind);
    return [kind, create + following];
  });
  const { p50_ms: p50, p99_ms: p99 } = result.create_order as Figures;
  return {
    micros: Object.fromEntries(costs) as Record<Kind, number>,
    topologyFactor: topologyFactor(result),
    latencyMs: { p50, p99 },
  };
}

export function planCapacity(costs: CapacityCosts, ordersPerSecond: number): CapacityPlan {
  const cores = Object.fromEntries(
    Object.entries(costs.micros).map(([kind, micros]) => {
      return [kind, (ordersPerSecond * micros * costs.topologyFactor) / 1_000_000];
    }),
  ) as Record<Kind, number>;
  const services = Object.fromEntries(
    SERVICE_KINDS.map((kind) => [kind, redundant(cores[kind] / USE_OF_SERVICES)]),
  ) as CapacityPlan['services'];
  const redisMasters = atLeastOne(cores.redis / USE_OF_STORES);
  const mysqlServers = atLeastOne(cores.mysql / (MYSQL_CORES * USE_OF_STORES));
  const processes = Object.values(services).reduce(
    (sum, each) => sum + each.needed + each.spare,
    0,
  );
  return {
    ordersPerSecond,
    cores,
    services,
    redisMasters,
    mysqlServers,
    inFlight: {
      p50: Math.ceil((ordersPerSecond * costs.latencyMs.p50) / 1_000),
      p99: Math.ceil((ordersPerSecond * costs.latencyMs.p99) / 1_000),
    },
    // Stores twice, for their replicas.
    coresTotal: processes + 2 * redisMasters + 2 * MYSQL_CORES * mysqlServers,
  };
}

export function redundant(processes: number): Redundant {
  const needed = atLeastOne(processes);
  return { needed, spare: Math.max(SPARES_MIN, Math.ceil(needed * SPARE_SHARE)) };
}

/**
 * The dearest of the measured topologies as a multiple of the cheapest; 1 when none was measured.
 */
function topologyFactor({ growth = [] }: WholeBenchResult): number {
  const factors = TOPOLOGIES.map((dimension) => {
    const points = growth.filter((point) => point.dimension === dimension);
    const ratios = points.flatMap(({ create_order: { ratio_to_limit: ratio } }) => ratio ?? []);
    return ratios.length < 2 ? 1 : Math.max(...ratios) / Math.min(...ratios);
  });
  return Math.max(1, ...factors);
}

function atLeastOne(value: number): number {
  return Math.max(1, Math.ceil(value));
}
