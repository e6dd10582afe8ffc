// What `status` says, as a pure function of state.json and of who lives. Its JSON is a contract:
// scripts, tests and the other commands read it.
//
// DOWN      nothing of ours runs.
// STARTING  a live launcher is bringing it up.
// UP        every recorded process lives.
// DEGRADED  it was up, and some process has ended since.
// LEFTOVER  the launcher was killed and left processes behind; the next up or down ends them.
import { redisHosts } from '../services/platform/redis/url.js';
import type { ProcessIdentity } from './process-identity.js';
import type { State } from './state.js';

export interface MeshStatus {
  state: 'up' | 'degraded' | 'starting' | 'leftover' | 'down';
  /** order, inventory, payment: host:port for gRPC; gateway: base URLs. */
  services: { order: string[]; inventory: string[]; payment: string[]; gateway: string[] };
  /** host:port where the gateway speaks gRPC. */
  gatewayGrpc: string[];
  /** Base URL of the payment provider's sandbox. */
  sandbox: string[];
  /** host:port where a process answers GET /metrics, by the name of the process. */
  metrics: Record<string, string>;
  /** host:port of every Redis server; of the sentinels, or of some nodes, when they were given. */
  redis: string[];
  mysql: string[];
  processes: { name: string; pid: number; address: string; log: string }[];
  /** Names of processes that have ended although nobody stopped them. */
  ended: string[];
}

export function meshStatus(
  state: State | undefined,
  lives: (identity: ProcessIdentity) => boolean,
): MeshStatus {
  if (state === undefined) return DOWN;
  const alive = state.processes.filter(lives);
  const processes = alive.map(({ name, pid, address, log }) => ({ name, pid, address, log }));
  const summary = summarise(state, alive.length, lives);
  if (summary === 'down') return DOWN;
  if (summary !== 'up' && summary !== 'degraded') return { ...DOWN, state: summary, processes };
  return {
    state: summary,
    services: state.services,
    gatewayGrpc: state.gatewayGrpc,
    sandbox: state.sandbox,
    metrics: state.metrics,
    redis: state.redisNodes.length > 0 ? state.redisNodes : state.redisUrls.flatMap(redisHosts),
    mysql: state.mysqlUrls.map(hostOf),
    processes,
    ended: state.processes.filter((p) => !alive.includes(p)).map((p) => p.name),
  };
}

/** There is a mesh to call, if perhaps not a whole one. */
export function isCallable(status: MeshStatus): boolean {
  return status.state === 'up' || status.state === 'degraded';
}

const DOWN: MeshStatus = {
  state: 'down',
  services: { order: [], inventory: [], payment: [], gateway: [] },
  gatewayGrpc: [],
  sandbox: [],
  metrics: {},
  redis: [],
  mysql: [],
  processes: [],
  ended: [],
};

function summarise(
  state: State,
  aliveCount: number,
  lives: (identity: ProcessIdentity) => boolean,
): MeshStatus['state'] {
  const abandoned = state.supervisor !== null && !lives(state.supervisor);
  if (aliveCount === 0 && state.composeProject === null && (abandoned || state.phase === 'UP')) {
    return 'down';
  }
  if (abandoned) return 'leftover';
  if (state.phase === 'STARTING') return 'starting';
  return aliveCount === state.processes.length ? 'up' : 'degraded';
}

function hostOf(url: string): string {
  return new URL(url).host;
}
