// The six servers of a run's Redis Cluster. Services reach them without a proxy, because a cluster tells
// its clients the addresses of its nodes itself; the faults are done to the nodes.

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOPBACK } from '../../ports.js';
import { type ProcessTable, untilReady } from '../../process-table.js';
import { CLUSTER_SETTINGS, startRedisCluster } from '../../servers/redis-cluster.js';
import { askRedis, redisArguments, startRedisProgram } from '../../servers/redis-server.js';
import { isAlive, killProcess, pauseProcess, resumeProcess } from './process-control.js';
import { redisCommand } from './redis-command.js';

/** One node as another one sees it. */
export interface ClusterNode {
  readonly id: string;
  readonly port: number;
  readonly role: 'MASTER' | 'REPLICA';
  /** Of a replica. */
  readonly masterId: string;
}

const READY_MS_MAX = 20_000;
/** A failover takes about two node timeouts of 1 s, and a full sync after it. */
const WHOLE_MS_MAX = 30_000;
const POLL_MS = 100;

export class RedisClusterNodes {
  readonly #table: ProcessTable;
  readonly #program: string;
  #ports: number[] = [];

  constructor(table: ProcessTable, program: string) {
    this.#table = table;
    this.#program = program;
  }

  async start(signal: AbortSignal): Promise<void> {
    const addresses = await startRedisCluster(this.#table, { program: this.#program, signal });
    this.#ports = addresses.map((address) => Number(address.split(':')[1]));
  }

  url(): string {
    return `redis+cluster://${this.#ports.map((port) => `${LOOPBACK}:${port}`).join(',')}`;
  }

  async kill(port: number): Promise<void> {
    await killProcess(this.#table, this.#nameOf(port));
  }

  /** Starts a killed node with what it knew of the cluster, and without any data. */
  async revive(port: number): Promise<void> {
    const name = this.#nameOf(port);
    const dir = path.join(this.#table.home.dataDir, name);
    // Not emptied first, as by startRedis(): it keeps what it knew of the cluster.
    const own = Object.entries(CLUSTER_SETTINGS).flatMap(([key, value]) => [`--${key}`, value]);
    const args = [...redisArguments(port, dir), ...own];
    const program = this.#program;
    const record = await startRedisProgram(this.#table, { name, program, port, args });
    const probe = () => askRedis(`redis://${LOOPBACK}:${port}`);
    await untilReady(record, probe, { readyMsMax: READY_MS_MAX });
  }

  pause(port: number): void {
    pauseProcess(this.#table, this.#nameOf(port));
  }

  resumeAll(): void {
    for (const port of this.#ports) resumeProcess(this.#table, this.#nameOf(port));
  }

  /** All nodes that are not known to be gone, as the first one that answers sees them. */
  async nodes(): Promise<ClusterNode[]> {
    for (const port of this.#ports) {
      const text = await redisCommand(port, 'CLUSTER', 'NODES').catch(() => '');
      if (text !== '') return parseClusterNodes(text as string);
    }
    throw new Error('no node of the cluster answers');
  }

  async masters(): Promise<ClusterNode[]> {
    return (await this.nodes()).filter((node) => node.role === 'MASTER');
  }

  /** All alive, and everybody agrees that every slot is served. */
  async heal(): Promise<void> {
    this.resumeAll();
    for (const port of this.#ports) {
      if (!isAlive(this.#table, this.#nameOf(port))) await this.revive(port);
    }
    for (const endMs = performance.now() + WHOLE_MS_MAX; ; await sleep(POLL_MS)) {
      if (await this.#whole()) return;
      if (performance.now() > endMs) throw new Error('the cluster does not become whole again');
    }
  }

  async #whole(): Promise<boolean> {
    const views = this.#ports.map(async (port) => {
      const info = String(await redisCommand(port, 'CLUSTER', 'INFO'));
      const nodes = parseClusterNodes(String(await redisCommand(port, 'CLUSTER', 'NODES')));
      const healthy = info.includes('cluster_state:ok') && info.includes('slots_fail:0');
      return healthy && nodes.length === this.#ports.length;
    });
    return (await Promise.all(views).catch(() => [false])).every(Boolean);
  }

  #nameOf(port: number): string {
    return `redis-cluster-${this.#ports.indexOf(port) + 1}`;
  }
}

/** `<id> <host>:<port>@<bus> <flags> <master or -> ...`; nodes that are failing are left out. */
export function parseClusterNodes(text: string): ClusterNode[] {
  return text.split('\n').flatMap((line): ClusterNode[] => {
    const [id = '', address = '', flags = '', masterId = ''] = line.split(' ');
    const port = Number(/:(\d+)/.exec(address)?.[1]);
    if (!(port > 0) || /fail|noaddr|handshake/.test(flags)) return [];
    const role = flags.includes('master') ? 'MASTER' : 'REPLICA';
    return [{ id, port, role, masterId: role === 'REPLICA' ? masterId : '' }];
  });
}
