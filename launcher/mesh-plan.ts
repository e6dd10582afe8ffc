// Which processes make a mesh, where they listen and what each is told: a pure function of the
// options, the servers' URLs and the free ports. All addresses are known before the first process
// starts, so the services may name each other in a circle.
import type { Secrets } from './secrets.js';

export const MESH_SERVICES = ['order', 'inventory', 'payment'] as const;
export type MeshService = (typeof MESH_SERVICES)[number];

/** How many processes of each service. */
export type MeshSize = Record<MeshService, number>;

export interface PlannedProcess {
  name: string;
  program: MeshService | 'gateway' | 'sandbox';
  address: string;
  /** What it is told beyond the launcher's own environment. */
  env: Record<string, string>;
}

export interface MeshPlan {
  /** Started one group after the other; within a group all at once. */
  groups: PlannedProcess[][];
  services: Record<MeshService | 'gateway', string[]>;
  gatewayGrpc: string;
  sandbox: string;
  /** Where each process serves its metrics, by its name. */
  metrics: Record<string, string>;
}

/**
 * Our provider answers within milliseconds, and whoever tries the mesh sits before it: what is lost is
 * asked about at once. With a real provider it is the product's 10 s or more.
 */
const LOOK_AFTER_MS = '3000';

/** Logical shards; each server gets an equal run of them. */
const SHARDS = 64;

export function planMesh(o: {
  size: MeshSize;
  /** Addresses that are free, one for each call. */
  takeAddress: () => string;
  redisUrl: string;
  mysqlUrls: readonly string[];
  secrets: Secrets;
  /** Where the provider keeps its books: it must remember as long as MySQL does. */
  sandboxLedger: string;
}): MeshPlan {
  const [sandbox, gateway, gatewayGrpc] = [o.takeAddress(), o.takeAddress(), o.takeAddress()];
  const take = (service: MeshService) => Array.from({ length: o.size[service] }, o.takeAddress);
  const addresses = {
    order: take('order'),
    inventory: take('inventory'),
    payment: take('payment'),
  };
  const peers = {
    ORDER_ADDRESSES: addresses.order.join(','),
    INVENTORY_ADDRESSES: addresses.inventory.join(','),
    PAYMENT_ADDRESSES: addresses.payment.join(','),
  };
  const shards = { MYSQL_SHARDS: shardRanges(o.mysqlUrls) };
  const own: Record<MeshService, Record<string, string>> = {
    order: shards,
    inventory: { ...shards, REDIS_URL: o.redisUrl },
    payment: {
      ...shards,
      PROVIDER_URL: `http://${sandbox}`,
      PROVIDER_SECRETS: o.secrets.providerSecret,
      CALLBACK_URL: `http://${gateway}/callbacks/sandbox`,
      PAYMENT_LOOK_AFTER_MS: LOOK_AFTER_MS,
    },
  };
  const metered = (env: Record<string, string>) => ({ ...env, METRICS_LISTEN: o.takeAddress() });
  const groups = [
    [
      processOf('sandbox', 1, sandbox, {
        PROVIDER_SECRETS: o.secrets.providerSecret,
        SANDBOX_LEDGER: o.sandboxLedger,
      }),
    ],
    MESH_SERVICES.flatMap((service) =>
      addresses[service].map((address, i) =>
        processOf(service, i + 1, address, metered({ ...own[service], ...peers })),
      ),
    ),
    [processOf('gateway', 1, gateway, metered({ ...peers, GRPC_LISTEN: gatewayGrpc }))],
  ];

  return {
    groups,
    services: { ...addresses, gateway: [`http://${gateway}`] },
    gatewayGrpc,
    sandbox: `http://${sandbox}`,
    metrics: metricsOf(groups.flat()),
  };
}

function processOf(
  program: PlannedProcess['program'],
  number: number,
  address: string,
  env: Record<string, string>,
): PlannedProcess {
  return { name: `${program}-${number}`, program, address, env: { ...env, LISTEN: address } };
}

function metricsOf(processes: readonly PlannedProcess[]): Record<string, string> {
  const listening = processes.flatMap(({ name, env }) => {
    const address = env['METRICS_LISTEN'];
    return address === undefined ? [] : [[name, address] as const];
  });
  return Object.fromEntries(listening);
}

/** `0-31=URL,32-63=URL`: covers every shard exactly once. */
export function shardRanges(urls: readonly string[]): string {
  if (urls.length < 1 || urls.length > SHARDS) {
    throw new Error(`give 1 to ${SHARDS} MySQL servers, not ${urls.length}`);
  }
  const firstOf = (i: number) => Math.ceil((i * SHARDS) / urls.length);
  return urls.map((url, i) => `${firstOf(i)}-${firstOf(i + 1) - 1}=${url}`).join(',');
}
