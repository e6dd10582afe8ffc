// The Redis servers of a run: one master that inventory is led to, and now and then a replica that
// takes its place. None of them keeps anything on disk, so a restart is a loss of memory.

import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, LOOPBACK } from '../../ports.js';
import type { ProcessTable } from '../../process-table.js';
import { startRedis } from '../../servers/redis-server.js';
import { isAlive, killProcess, pauseProcess, recordOf, resumeProcess } from './process-control.js';
import { redisCommand } from './redis-command.js';

export interface RedisNode {
  readonly name: string;
  readonly port: number;
}

const SYNC_MS_MAX = 20_000;
const POLL_MS = 20;

export class RedisNodes {
  /** Whom inventory should be led to. */
  master: RedisNode = { name: '', port: 0 };
  readonly #table: ProcessTable;
  readonly #program: string;
  #count = 0;

  constructor(table: ProcessTable, program: string) {
    this.#table = table;
    this.#program = program;
  }

  url(node = this.master): string {
    return `redis://${LOOPBACK}:${node.port}`;
  }

  async addMaster(): Promise<void> {
    this.master = await this.add();
  }

  /** A further server, empty. */
  async add(): Promise<RedisNode> {
    this.#count += 1;
    const node = { name: `redis-${this.#count}`, port: await freePort() };
    await this.start(node);
    return node;
  }

  /** Starts it, or starts it again at its old port; what it knew is gone. */
  async start(node: RedisNode): Promise<void> {
    await startRedis(this.#table, {
      name: node.name,
      program: this.#program,
      port: node.port,
      // DEBUG is how a server is made to reload.
      settings: { 'enable-debug-command': 'local' },
    });
  }

  async kill(node: RedisNode): Promise<void> {
    if (isAlive(this.#table, node.name)) await killProcess(this.#table, node.name);
  }

  pause(): void {
    pauseProcess(this.#table, this.master.name);
  }

  resumeAll(): void {
    for (const name of this.#names()) resumeProcess(this.#table, name);
  }

  /** One master, alive, unhampered and alone. */
  async heal(): Promise<void> {
    this.resumeAll();
    for (const name of this.#names()) {
      if (name !== this.master.name) await killProcess(this.#table, name);
    }
    if (!isAlive(this.#table, this.master.name)) {
      await this.start(this.master);
      return;
    }
    // A script that runs for ever stops everything else; mostly there is none.
    await this.command(this.master, 'SCRIPT', 'KILL').catch(() => undefined);
    await this.command(this.master, 'CLIENT', 'UNPAUSE');
    await this.command(this.master, 'CONFIG', 'SET', 'maxmemory', 0, 'min-replicas-to-write', 0);
    await this.command(this.master, 'REPLICAOF', 'NO', 'ONE');
  }

  #names(): string[] {
    const names = this.#table.state.processes.map((record) => record.name);
    return [...new Set(names)].filter((name) => /^redis-\d+$/.test(name));
  }

  /** Makes `node` a replica of whoever listens at `port`, and waits until it is in step. */
  async follow(node: RedisNode, port: number): Promise<void> {
    await this.command(node, 'REPLICAOF', LOOPBACK, port);
    for (const endMs = performance.now() + SYNC_MS_MAX; ; await sleep(POLL_MS)) {
      const info = String(await this.command(node, 'INFO', 'replication'));
      if (info.includes('master_link_status:up')) return;
      if (performance.now() > endMs) {
        throw new Error(`${node.name} does not sync: ${recordOf(this.#table, node.name).log}`);
      }
    }
  }

  /** Makes a replica a master; it keeps what it knew. */
  async promote(node: RedisNode): Promise<void> {
    await this.command(node, 'REPLICAOF', 'NO', 'ONE');
    this.master = node;
  }

  /** Throws what Redis answers with. */
  command(node: RedisNode, name: string, ...args: (string | number)[]): Promise<unknown> {
    return redisCommand(node.port, name, ...args);
  }
}
