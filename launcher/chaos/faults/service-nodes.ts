// The service processes of a run: each can be killed and started again at its own address.

import path from 'node:path';
import { ROOT } from '../../paths.js';
import { type ProcessTable, untilReady } from '../../process-table.js';
import { askHealth } from '../../readiness.js';
import {
  isAlive,
  killProcess,
  pauseProcess,
  resumeProcess,
  stopProcess,
} from './process-control.js';

export interface ServiceNode {
  readonly name: string;
  readonly program: 'order' | 'inventory';
  readonly address: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A start migrates its tables first, on a machine that is busy with the run. */
const READY_MS_MAX = 60_000;

export class ServiceNodes {
  readonly nodes: readonly ServiceNode[];
  readonly #table: ProcessTable;

  constructor(table: ProcessTable, nodes: readonly ServiceNode[]) {
    this.#table = table;
    this.nodes = nodes;
  }

  inventories(): readonly ServiceNode[] {
    return this.nodes.filter((node) => node.program === 'inventory');
  }

  async start(node: ServiceNode, signal?: AbortSignal): Promise<void> {
    const record = await this.#table.start({
      name: node.name,
      role: 'SERVICE',
      address: node.address,
      command: process.execPath,
      args: [path.join(ROOT, 'dist', 'services', node.program, 'main.js')],
      env: { ...process.env, ...node.env },
    });
    const readyMsMax = READY_MS_MAX;
    await untilReady(record, () => askHealth(node.address), { readyMsMax, signal });
  }

  alive(node: ServiceNode): boolean {
    return isAlive(this.#table, node.name);
  }

  kill(node: ServiceNode): Promise<void> {
    return killProcess(this.#table, node.name);
  }

  /** SIGTERM; answers how long it took to end. */
  stop(node: ServiceNode): Promise<number> {
    return stopProcess(this.#table, node.name);
  }

  pause(node: ServiceNode): void {
    pauseProcess(this.#table, node.name);
  }

  resume(node: ServiceNode): void {
    resumeProcess(this.#table, node.name);
  }
}
