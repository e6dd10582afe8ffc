// Where the benchmark runs: servers and services of its own, in a directory of its own, gone when
// it ends. Nothing of a mesh that runs here is touched, and nothing is measured that was used
// before.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { interruptible } from '../interrupt.js';
import { NODE_ARGS, startService, stopMesh } from '../mesh.js';
import { type MeshSize, type PlannedProcess, planMesh } from '../mesh-plan.js';
import { createHome, defaultHome, homeAt, ROOT } from '../paths.js';
import { freePort, LOOPBACK } from '../ports.js';
import { identifySelf } from '../process-identity.js';
import { ProcessTable, untilReady } from '../process-table.js';
import { askHealth } from '../readiness.js';
import { ensureSecrets } from '../secrets.js';
import type { RedisTopology } from '../servers/redis-topology.js';
import { startServers } from '../servers/start-servers.js';
import { emptyState } from '../state.js';
import type { Steps } from '../steps.js';

/** Like a test's directory: what a killed benchmark leaves behind is ended by the same broom. */
const DIR_PREFIX = 'test-bench-';
const READY_MS_MAX = 60_000;
/**
 * Reservations and unpaid orders outlast the run. Otherwise check-back and expiry would end them
 * minutes later, in the middle of the next measurement.
 */
const HOLD_MS = 3_600_000;
const LONG_LIVES = { HOLD_MS: String(HOLD_MS), PAYMENT_WINDOW_SECONDS: String(HOLD_MS / 1000) };
/** Three besides the services: the sandbox, and two of the gateway. */
const OTHER_ADDRESSES = 3;

export type NaiveRole = 'inventory' | 'payment' | 'order';

export interface LabOptions {
  /** What runs beside the servers: a process that has nothing to do would still cost something. */
  readonly programs: readonly PlannedProcess['program'][];
  readonly size?: Partial<MeshSize> | undefined;
  readonly redis?: RedisTopology | undefined;
  /** Uses only the first so many; all of them when it is left out. */
  readonly mysqlServers?: number | undefined;
  /**
   * What does one by one what the services do in batches, see parts/; each needs those before it.
   */
  readonly naive?: readonly NaiveRole[] | undefined;
  /** The share of calls that are recorded; nothing is when it is left out or empty. */
  readonly traced?: string | undefined;
}

export interface Lab {
  readonly inventory: readonly string[];
  readonly order: readonly string[];
  readonly payment: readonly string[];
  readonly naive: Readonly<Partial<Record<NaiveRole, string>>>;
  readonly redisUrl: string;
  readonly mysqlUrls: readonly string[];
  /** Grows as more is started. */
  readonly processes: readonly { name: string; pid: number }[];
  /** Starts one more program of the benchmark, which listens at LISTEN; answers where. */
  start(program: LabProgram): Promise<string>;
}

export interface LabProgram {
  readonly name: string;
  /** Below launcher/bench, without its ending. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ready: (address: string) => Promise<void>;
}

export async function withLab<T>(
  o: LabOptions,
  steps: Steps,
  work: (lab: Lab, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await interruptible(async (signal) => {
    const home = defaultHome();
    mkdirSync(home.dir, { recursive: true, mode: 0o700 });
    const own = homeAt(mkdtempSync(path.join(home.dir, DIR_PREFIX)));
    createHome(own);
    const table = new ProcessTable(own, emptyState(identifySelf()));
    table.save();
    try {
      const lab = await bringUp(o, table, steps, signal);
      return await work(lab, signal);
    } finally {
      await stopMesh(table);
      rmSync(own.dir, { recursive: true, force: true });
    }
  });
}

async function bringUp(
  o: LabOptions,
  table: ProcessTable,
  steps: Steps,
  signal: AbortSignal,
): Promise<Lab> {
  const given = { redisUrl: undefined, mysqlUrls: [] };
  await startServers(table, { given, size: 'MESH', redis: o.redis, steps, signal });
  const size = { order: 1, inventory: 1, payment: 1, ...o.size };
  const addresses: string[] = [];
  const count = size.order + size.inventory + size.payment + OTHER_ADDRESSES;
  for (let i = 0; i < count; i += 1) addresses.push(`${LOOPBACK}:${await freePort()}`);
  const redisUrl = table.state.redisUrls[0] ?? '';
  const mysqlUrls = table.state.mysqlUrls.slice(0, o.mysqlServers);
  const plan = planMesh({
    size,
    takeAddress: () => addresses.pop() ?? '',
    redisUrl,
    mysqlUrls,
    secrets: ensureSecrets(table.home),
    sandboxLedger: path.join(table.home.dataDir, 'sandbox-ledger.jsonl'),
  });
  const planned = plan.groups.flat().filter(({ program }) => o.programs.includes(program));
  for (const service of planned) {
    const traces = o.traced ? tracesOf(table.home.traceDir, service.name, o.traced) : {};
    const env = { ...service.env, ...LONG_LIVES, ...traces, LOG_LEVEL: 'warn' };
    await steps.step(service.name, service.address, () =>
      startService(table, { ...service, env }, signal),
    );
  }
  const start = (program: LabProgram) => startProgram(table, program, { steps, signal });
  const naive = await startNaive(planned, o.naive ?? [], start);
  const { inventory, order, payment } = plan.services;
  const { processes } = table.state;
  return { inventory, order, payment, naive, redisUrl, mysqlUrls, processes, start };
}

/** Each is told what the service of its role is told, and to call the naive ones before it. */
async function startNaive(
  planned: readonly PlannedProcess[],
  roles: readonly NaiveRole[],
  start: Lab['start'],
): Promise<Lab['naive']> {
  const naive: Partial<Record<NaiveRole, string>> = {};
  for (const role of roles) {
    const peers = {
      ...(naive.inventory === undefined ? {} : { INVENTORY_ADDRESSES: naive.inventory }),
      ...(naive.payment === undefined ? {} : { PAYMENT_ADDRESSES: naive.payment }),
    };
    const env = {
      ...planned.find(({ program }) => program === role)?.env,
      ...LONG_LIVES,
      ...peers,
    };
    const script = `parts/naive-${role}`;
    naive[role] = await start({ name: `naive-${role}-1`, script, env, ready: askHealth });
  }
  return naive;
}

async function startProgram(
  table: ProcessTable,
  { name, script, env, ready }: LabProgram,
  { steps, signal }: { steps: Steps; signal: AbortSignal },
): Promise<string> {
  const address = `${LOOPBACK}:${await freePort()}`;
  await steps.step(name, address, async () => {
    const record = await table.start({
      name,
      role: 'SERVICE',
      address,
      command: process.execPath,
      args: [...NODE_ARGS, path.join(ROOT, 'dist', 'launcher', 'bench', `${script}.js`)],
      env: { ...process.env, ...env, LOG_LEVEL: 'warn', LISTEN: address },
    });
    const patience = { readyMsMax: READY_MS_MAX, signal };
    await untilReady(record, () => ready(address), patience);
  });
  return address;
}

function tracesOf(dir: string, name: string, ratio: string): Record<string, string> {
  const sampler = 'parentbased_traceidratio';
  const file = path.join(dir, `${name}.jsonl`);
  return { TRACE_FILE: file, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio };
}
