// A mesh to break: order and two inventory processes on private servers, with a proxy of the run's own
// on every link that a fault may cut. Whatever a fault has done, heal() undoes it: after it, all
// processes live and every link leads to its server.

import type { ProcessTable } from '../process-table.js';
import type { FaultProxy } from './faults/fault-proxy.js';
import { MYSQL_SERVERS, type MysqlNodes } from './faults/mysql-nodes.js';
import type { RedisClusterNodes } from './faults/redis-cluster-nodes.js';
import { redisCommand } from './faults/redis-command.js';
import type { RedisNode, RedisNodes } from './faults/redis-nodes.js';
import type { ServiceNodes } from './faults/service-nodes.js';

export const DATABASE_PREFIX = 'spillway_';

/** The proxies of a run. */
export interface Links {
  /** From each inventory process to Redis. */
  readonly redis: readonly FaultProxy[];
  /** From each inventory process to each MySQL server. */
  readonly mysql: readonly (readonly FaultProxy[])[];
  /** From the order service to each MySQL server. */
  readonly orderMysql: readonly FaultProxy[];
  /** From inventory to the order service. */
  readonly order: FaultProxy;
  /** From a replica to the Redis that it follows. */
  readonly replica: FaultProxy;
}

export interface EnvironmentParts {
  readonly table: ProcessTable;
  readonly redis: RedisNodes;
  /** In place of the Redis servers that proxies lead to. */
  readonly cluster: RedisClusterNodes | undefined;
  readonly mysql: MysqlNodes;
  readonly services: ServiceNodes;
  readonly links: Links;
  /** How long inventory holds units before it asks about their order. */
  readonly holdMs: number;
}

export class Environment {
  readonly table: ProcessTable;
  readonly redis: RedisNodes;
  readonly cluster: RedisClusterNodes | undefined;
  readonly mysql: MysqlNodes;
  readonly services: ServiceNodes;
  readonly links: Links;
  readonly holdMs: number;

  constructor(parts: EnvironmentParts) {
    this.table = parts.table;
    this.redis = parts.redis;
    this.cluster = parts.cluster;
    this.mysql = parts.mysql;
    this.services = parts.services;
    this.links = parts.links;
    this.holdMs = parts.holdMs;
  }

  redisUrl(): string {
    return this.cluster?.url() ?? this.redis.url();
  }

  /** Redis forgets all that it knows, wherever it is. */
  async forgetRedis(): Promise<void> {
    const masters = (await this.cluster?.masters()) ?? [this.redis.master];
    await Promise.all(masters.map(({ port }) => redisCommand(port, 'FLUSHALL')));
  }

  inventoryAddresses(): string[] {
    return this.services.inventories().map((node) => node.address);
  }

  /** Leads every inventory process to this Redis. */
  leadTo(node: RedisNode): void {
    for (const link of this.links.redis) link.pointTo(node.port);
  }

  /** Starts a killed MySQL server on its data, and leads everybody there. */
  async reviveMysql(server: number): Promise<void> {
    await this.mysql.start(server);
    const port = this.mysql.port(server);
    for (const links of [...this.links.mysql, this.links.orderMysql]) links[server]?.pointTo(port);
  }

  /** Ends every fault: what is paused goes on, what is dead lives, every link leads to its server. */
  async heal(): Promise<void> {
    this.#resumeServices();
    await Promise.all([this.healRedis(), this.healMysql()]);
    await this.healServices();
  }

  async healRedis(): Promise<void> {
    const { redis, replica } = this.links;
    for (const link of [...redis, replica]) link.pass();
    if (this.cluster !== undefined) return this.cluster.heal();
    await this.redis.heal();
    for (const link of redis) {
      if (link.targetPort !== this.redis.master.port) link.pointTo(this.redis.master.port);
    }
  }

  async healMysql(): Promise<void> {
    for (const link of [...this.links.mysql.flat(), ...this.links.orderMysql]) link.pass();
    for (let server = 0; server < MYSQL_SERVERS; server += 1) {
      if (!this.mysql.alive(server)) await this.reviveMysql(server);
    }
  }

  /** Needs Redis and MySQL: a service does not start without them. */
  async healServices(): Promise<void> {
    this.links.order.pass();
    this.#resumeServices();
    for (const node of this.services.nodes) {
      if (!this.services.alive(node)) await this.services.start(node);
    }
  }

  async stop(): Promise<void> {
    this.#resumeServices();
    this.redis.resumeAll();
    this.cluster?.resumeAll();
    await this.table.stopAll();
    await Promise.all(this.#allLinks().map((link) => link.close()));
  }

  #resumeServices(): void {
    for (const node of this.services.nodes) this.services.resume(node);
  }

  #allLinks(): FaultProxy[] {
    const { redis, mysql, orderMysql, order, replica } = this.links;
    return [...redis, ...mysql.flat(), ...orderMysql, order, replica];
  }
}
