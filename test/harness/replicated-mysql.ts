// A private MySQL or MariaDB with a replica, for tests that hold the replica back, freeze or kill it.
// Real replication by GTID, set up as an operator would; nobody else uses the pair, and it is gone after
// the test. Made by the launcher's own functions.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnection } from 'mysql2/promise';
import { createHome, homeAt } from '../../launcher/paths.js';
import { identifySelf } from '../../launcher/process-identity.js';
import { ProcessTable } from '../../launcher/process-table.js';
import { ensureSecrets } from '../../launcher/secrets.js';
import { startMysql } from '../../launcher/servers/mysql-server.js';
import { findPrograms, type MysqlFlavour } from '../../launcher/servers/programs.js';
import { emptyState } from '../../launcher/state.js';

export interface ReplicatedMysql {
  readonly primaryUrl: string;
  readonly replicaUrl: string;
  /** Whether the replica applies what it hears; it goes on listening meanwhile. */
  apply(on: boolean): Promise<void>;
  signalReplica(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  stop(): Promise<void>;
}

/** MySQL has other words for the same since 8.0.23, and no longer knows the old ones since 8.4. */
const DIALECTS = {
  MARIADB: {
    gtid: [],
    follow: (host: string) => `CHANGE MASTER TO ${host}, MASTER_USE_GTID = slave_pos`,
    prefix: 'MASTER',
    replica: 'SLAVE',
  },
  MYSQL: {
    gtid: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
    follow: (host: string) =>
      `CHANGE REPLICATION SOURCE TO ${host}, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    prefix: 'SOURCE',
    replica: 'REPLICA',
  },
} as const satisfies Record<MysqlFlavour, object>;

export async function startReplicatedMysql(): Promise<ReplicatedMysql> {
  const home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-replica-')));
  createHome(home);
  const table = new ProcessTable(home, emptyState(identifySelf()));
  const signalReplica = (signal: NodeJS.Signals) => {
    const record = table.state.processes.find(({ name }) => name === 'replica');
    if (record === undefined) throw new Error('the replica was not started');
    process.kill(record.pid, signal);
  };
  const stop = async () => {
    await table.stopAll();
    rmSync(home.dir, { recursive: true, force: true });
  };
  try {
    const program = findPrograms(process.env['PATH'] ?? '').mysql;
    if (program === undefined) throw new Error('mysqld (or mariadbd) not found');
    const dialect = DIALECTS[program.flavour];
    const start = (name: string, ...more: string[]) => {
      const o = { name, program, secrets: ensureSecrets(home), size: 'TEST' } as const;
      return startMysql(table, { ...o, moreArguments: [...dialect.gtid, ...more] });
    };
    const primaryUrl = await start('primary', '--server-id=1', '--log-bin=log', '--sync-binlog=1');
    const replicaUrl = await start('replica', '--server-id=2', '--relay-log=relay', '--read-only');
    await query(replicaUrl, dialect.follow(sourceOf(primaryUrl, dialect.prefix)));
    await query(replicaUrl, `START ${dialect.replica}`);
    const apply = (on: boolean) =>
      query(replicaUrl, `${on ? 'START' : 'STOP'} ${dialect.replica} SQL_THREAD`);
    return { primaryUrl, replicaUrl, apply, signalReplica, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function sourceOf(url: string, prefix: string): string {
  const { hostname, port, username, password } = new URL(url);
  const each = { HOST: `'${hostname}'`, PORT: port, USER: `'${username}'` };
  const all = { ...each, PASSWORD: `'${password}'`, CONNECT_RETRY: '1' };
  return Object.entries(all)
    .map(([name, value]) => `${prefix}_${name} = ${value}`)
    .join(', ');
}

async function query(url: string, sql: string): Promise<void> {
  const connection = await createConnection(url);
  try {
    await connection.query(sql);
  } finally {
    connection.destroy();
  }
}
