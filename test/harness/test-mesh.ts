// A whole mesh for tests: real processes from dist/, on the servers that `./spillway test` provides,
// or on private ones when the file is run alone. Databases are this run's own and are dropped after it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { type AuditReport, runAudit } from '../../launcher/audit/run-audit.js';
import { currentStatus, type MeshStatus, startMesh, stopMesh } from '../../launcher/mesh.js';
import { type MeshSize, shardRanges } from '../../launcher/mesh-plan.js';
import { createHome, homeAt } from '../../launcher/paths.js';
import type { ReconcileTargets } from '../../launcher/reconcile/look.js';
import { type ReconcileReport, runReconcile } from '../../launcher/reconcile/run-reconcile.js';
import { connectMesh, type MeshAddresses, type MeshClients } from './clients.js';
import { whileFrozen } from './frozen.js';
import { TestProvider } from './test-provider.js';

export interface TestMesh {
  clients: MeshClients;
  /** Base URL. */
  gateway: string;
  /** Further clients with connections of their own, to the whole mesh or to some addresses. */
  connect(addresses?: Partial<MeshAddresses>): MeshClients;
  /** What a further process of a service is told, so that it belongs to this mesh. */
  serviceEnv: Readonly<Record<string, string>>;
  redisUrl: string;
  /** Where its processes write what they record. */
  traceDir: string;
  /** The payment provider's sandbox. */
  provider: TestProvider;
  audit(): Promise<AuditReport>;
  /** Our payments against the provider's statement. */
  reconcile(o: { repair: boolean }): Promise<ReconcileReport>;
  /** Takes everything from Redis, as a crash without persistence would. */
  flushRedis(): Promise<void>;
  /** Does something while a process, such as `inventory-1`, stands still. */
  whileFrozen<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** host:port of the metrics of each process. */
  metrics: Readonly<Record<string, string>>;
  /** Everything that the processes of the mesh have written. */
  logs(): string;
  /** Lines that services logged as errors or worse, but for alarms that were asked for. */
  loggedErrors(): string[];
  /** The names of alarms that were raised since it was asked last. */
  alarms(): string[];
  stop(): Promise<void>;
}

export async function startTestMesh(size: Partial<MeshSize>): Promise<TestMesh> {
  const prefix = `scenario_${randomBytes(4).toString('hex')}_`;
  // Services inherit it from this process.
  process.env.MYSQL_DATABASE_PREFIX = prefix;
  const home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-scenarios-')));
  createHome(home);
  const table = await startMesh({ home, size, given: givenServers() }).catch((error: unknown) => {
    // What ended a service is in the error already.
    rmSync(home.dir, { recursive: true, force: true });
    throw error;
  });
  const status = currentStatus(home);
  const { redisUrls, mysqlUrls } = table.state;
  const redisUrl = redisUrls[0] ?? '';
  const heard = new Set<string>();
  const opened: MeshClients[] = [];
  const connect = (addresses: Partial<MeshAddresses> = {}) => {
    const clients = connectMesh({ ...status.services, ...addresses });
    opened.push(clients);
    return clients;
  };
  return {
    clients: connect(),
    gateway: status.services.gateway[0] ?? '',
    connect,
    serviceEnv: {
      MYSQL_SHARDS: shardRanges(mysqlUrls),
      REDIS_URL: redisUrl,
      ORDER_ADDRESSES: status.services.order.join(','),
      INVENTORY_ADDRESSES: status.services.inventory.join(','),
      PAYMENT_ADDRESSES: status.services.payment.join(','),
    },
    redisUrl,
    traceDir: home.traceDir,
    provider: new TestProvider(table),
    audit: () =>
      runAudit({ mysqlUrls, redisUrl, databasePrefix: prefix, providerUrl: status.sandbox[0] }),
    reconcile: (o) => runReconcile(reconcileTargets(status, mysqlUrls, prefix), o),
    flushRedis: () => flush(redisUrl),
    whileFrozen: (name, work) => whileFrozen(pidOf(status, name), work),
    metrics: status.metrics,
    logs: () => status.processes.map(({ log }) => textOf(log)).join('\n'),
    loggedErrors: () => errorsOf(status).filter((line) => !heard.has(line)),
    alarms: () => {
      const raised = errorsOf(status).filter((line) => alarmIn(line) !== '' && !heard.has(line));
      for (const line of raised) heard.add(line);
      return raised.map(alarmIn);
    },
    async stop() {
      for (const clients of opened) clients.close();
      const ownServers = table.state.processes.some((record) => record.role === 'SERVER');
      await stopMesh(table);
      if (!ownServers) await dropDatabases(mysqlUrls, prefix);
      rmSync(home.dir, { recursive: true, force: true });
    },
  };
}

function reconcileTargets(
  { sandbox, services }: MeshStatus,
  mysqlUrls: readonly string[],
  databasePrefix: string,
): ReconcileTargets {
  const statement = `${sandbox[0]}/v1/statement.csv`;
  const paymentAddresses = services.payment;
  return { mysqlUrls, databasePrefix, statement, provider: 'sandbox', paymentAddresses };
}

function pidOf(status: MeshStatus, name: string): number {
  const found = status.processes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the mesh has no process ${name}`);
  return found.pid;
}

function givenServers(): { redisUrl: string | undefined; mysqlUrls: string[] } {
  const { TEST_REDIS, TEST_MYSQL_1, TEST_MYSQL_2 } = process.env;
  if (!TEST_REDIS || !TEST_MYSQL_1 || !TEST_MYSQL_2) return { redisUrl: undefined, mysqlUrls: [] };
  return { redisUrl: TEST_REDIS, mysqlUrls: [TEST_MYSQL_1, TEST_MYSQL_2] };
}

async function flush(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 0 });
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

async function dropDatabases(mysqlUrls: readonly string[], prefix: string): Promise<void> {
  for (const url of mysqlUrls) {
    const connection = await createConnection(url);
    for (const name of ['order', 'inventory', 'payment']) {
      await connection.query(`DROP DATABASE IF EXISTS \`${prefix}${name}\``);
    }
    await connection.end();
  }
}

function errorsOf(status: MeshStatus): string[] {
  return status.processes.flatMap(({ log }) => errorsIn(log));
}

/** Its name; empty for an error that is no alarm. */
function alarmIn(line: string): string {
  return /"alarm":"([A-Z_]+)"/.exec(line)?.[1] ?? '';
}

function textOf(log: string): string {
  return log === '' ? '' : readFileSync(log, 'utf8');
}

function errorsIn(log: string): string[] {
  return textOf(log)
    .split('\n')
    .filter((line) => /"level":"(error|fatal)"/.test(line));
}
