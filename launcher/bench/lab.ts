// Where the benchmark runs: servers and services of its own, in a directory of its own, gone when it
// ends. Nothing of a mesh that runs here is touched, and nothing is measured that was used before.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { interruptible } from '../interrupt.js';
import { startService, stopMesh } from '../mesh.js';
import { type PlannedProcess, planMesh } from '../mesh-plan.js';
import { createHome, defaultHome, homeAt, ROOT } from '../paths.js';
import { freePort, LOOPBACK } from '../ports.js';
import { identifySelf } from '../process-identity.js';
import { ProcessTable, untilReady } from '../process-table.js';
import { askHealth } from '../readiness.js';
import { ensureSecrets } from '../secrets.js';
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

/** What runs beside the servers. A process that has nothing to do would still cost something. */
const PROGRAMS = {
  inventory: ['order', 'inventory'],
  order: ['order', 'inventory', 'payment'],
} as const;

export type BenchPart = keyof typeof PROGRAMS;

export interface Lab {
  readonly inventory: string;
  readonly order: string;
  /** Reserves one by one, for comparison: see parts/naive-server.ts. Only for inventory's part. */
  readonly naive: string;
  readonly redisUrl: string;
  readonly mysqlUrls: readonly string[];
  readonly processes: readonly { name: string; pid: number }[];
}

export async function withLab<T>(
  part: BenchPart,
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
      const lab = await bringUp(part, table, steps, signal);
      return await work(lab, signal);
    } finally {
      await stopMesh(table);
      rmSync(own.dir, { recursive: true, force: true });
    }
  });
}

async function bringUp(
  part: BenchPart,
  table: ProcessTable,
  steps: Steps,
  signal: AbortSignal,
): Promise<Lab> {
  const given = { redisUrl: undefined, mysqlUrls: [] };
  await startServers(table, { given, size: 'MESH', steps, signal });
  const addresses: string[] = [];
  for (let i = 0; i < 6; i += 1) addresses.push(`${LOOPBACK}:${await freePort()}`);
  const { redisUrls, mysqlUrls } = table.state;
  const plan = planMesh({
    size: { order: 1, inventory: 1, payment: 1 },
    takeAddress: () => addresses.pop() ?? '',
    redisUrl: redisUrls[0] ?? '',
    mysqlUrls,
    secrets: ensureSecrets(table.home),
    sandboxLedger: path.join(table.home.dataDir, 'sandbox-ledger.jsonl'),
  });
  const programs: readonly string[] = PROGRAMS[part];
  const planned = plan.groups.flat().filter(({ program }) => programs.includes(program));
  for (const service of planned) {
    const env = { ...service.env, ...LONG_LIVES, LOG_LEVEL: 'warn' };
    await steps.step(service.name, service.address, () =>
      startService(table, { ...service, env }, signal),
    );
  }
  const of = (name: string) => planned.find(({ program }) => program === name) as PlannedProcess;
  const naive = part === 'inventory' ? `${LOOPBACK}:${await freePort()}` : '';
  if (part === 'inventory') {
    const { env } = of('inventory');
    await steps.step('naive-1', naive, () => startNaive(table, naive, env, signal));
  }
  return {
    inventory: of('inventory').address,
    order: of('order').address,
    naive,
    redisUrl: redisUrls[0] ?? '',
    mysqlUrls,
    processes: table.state.processes,
  };
}

async function startNaive(
  table: ProcessTable,
  address: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const record = await table.start({
    name: 'naive-1',
    role: 'SERVICE',
    address,
    command: process.execPath,
    args: [path.join(ROOT, 'dist', 'launcher', 'bench', 'parts', 'naive-server.js')],
    env: { ...process.env, ...env, LISTEN: address },
  });
  await untilReady(record, () => askHealth(address), { readyMsMax: READY_MS_MAX, signal });
}
