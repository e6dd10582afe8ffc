// The two MySQL servers of a run. A restarted one keeps its data and gets another port; whoever
// reaches it through a proxy does not notice.

import mysql from 'mysql2/promise';
import type { ProcessTable } from '../../process-table.js';
import { ensureSecrets } from '../../secrets.js';
import { startMysql } from '../../servers/mysql-server.js';
import type { MysqlProgram } from '../../servers/programs.js';
import { isAlive, killProcess } from './process-control.js';

export const MYSQL_SERVERS = 2;
const CONNECT_MS_MAX = 3_000;

export class MysqlNodes {
  /** The servers' own URLs, past every proxy. */
  readonly urls: string[] = [];
  readonly #table: ProcessTable;
  readonly #program: MysqlProgram;

  constructor(table: ProcessTable, program: MysqlProgram) {
    this.#table = table;
    this.#program = program;
  }

  async startAll(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: MYSQL_SERVERS }, (_, i) => this.start(i, signal)));
  }

  async start(server: number, signal?: AbortSignal): Promise<void> {
    this.urls[server] = await startMysql(this.#table, {
      name: nameOf(server),
      program: this.#program,
      secrets: ensureSecrets(this.#table.home),
      size: 'TEST',
      signal,
    });
  }

  port(server: number): number {
    return Number(new URL(this.urls[server] ?? '').port);
  }

  alive(server: number): boolean {
    return isAlive(this.#table, nameOf(server));
  }

  kill(server: number): Promise<void> {
    return killProcess(this.#table, nameOf(server));
  }

  /** A connection past every proxy; end it with destroy(). */
  async connect(server: number): Promise<mysql.Connection> {
    const connection = await mysql.createConnection({
      uri: this.urls[server] ?? '',
      connectTimeout: CONNECT_MS_MAX,
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
    // A server that is killed says it to the next query too.
    connection.on('error', () => undefined);
    return connection;
  }
}

function nameOf(server: number): string {
  return `mysql-${server + 1}`;
}
