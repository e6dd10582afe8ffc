// The mesh as a whole: servers, then services, brought up together, taken down together. Invariant:
// whatever was started is in state.json, and whoever fails half-way takes down what it started.
import path from 'node:path';
import { interruptible } from './interrupt.js';
import { acquireLock } from './lock.js';
import type { MeshSize, PlannedProcess } from './mesh-plan.js';
import { planMesh } from './mesh-plan.js';
import { isCallable, type MeshStatus, meshStatus } from './mesh-status.js';
import { createHome, defaultHome, type Home, ROOT } from './paths.js';
import { freePort, LOOPBACK } from './ports.js';
import { identifySelf, lives } from './process-identity.js';
import { ProcessTable, StartError, untilReady } from './process-table.js';
import { askHealth, askHttp } from './readiness.js';
import { ensureSecrets } from './secrets.js';
import type { GivenServers } from './servers/choose-source.js';
import { stopCompose } from './servers/docker-compose.js';
import type { RedisTopology } from './servers/redis-topology.js';
import { startServers } from './servers/start-servers.js';
import { emptyState, readState, removeState } from './state.js';
import { Steps, toStderr } from './steps.js';
import { together } from './together.js';
import { traceEnv } from './trace-env.js';

export type { MeshStatus } from './mesh-status.js';

/** A service migrates its tables first, on a loaded machine and several at once. */
const READY_MS_MAX = 60_000;
/**
 * A port may be taken between our look and the listen; thrice in a row means something else is
 * wrong.
 */
const ATTEMPTS_MAX = 3;

export interface MeshOptions {
  home?: Home;
  size?: Partial<MeshSize>;
  given?: GivenServers;
  /** Of the Redis that is started for it. */
  redis?: RedisTopology | undefined;
  /** Where OTLP over HTTP is taken; without it traces go into files. */
  tracesTo?: string | undefined;
  /** Redis and MySQL only: for running a service in a debugger. */
  serversOnly?: boolean;
  steps?: Steps;
  signal?: AbortSignal;
}

export function currentStatus(home: Home = defaultHome()): MeshStatus {
  return meshStatus(readState(home), lives);
}

/** URLs of the running mesh's servers, with passwords: for the audit and for nobody's screen. */
export function serverUrls(home: Home = defaultHome()): { redis: string; mysql: string[] } {
  const state = readState(home);
  const redis = state?.redisUrls[0];
  if (state === undefined || redis === undefined) throw new Error('no mesh is running');
  return { redis, mysql: state.mysqlUrls };
}

/**
 * Runs `work` against the running mesh, or against one brought up for it and taken down after it.
 * Ctrl-C aborts `signal`; work should then end soon, and the mesh is taken down in any case.
 */
export async function withMesh<T>(
  o: Omit<MeshOptions, 'signal'>,
  work: (mesh: MeshStatus, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const home = o.home ?? defaultHome();
  return await interruptible(async (signal) => {
    const running = currentStatus(home);
    if (isCallable(running)) return await orAborted(signal, work(running, signal));
    createHome(home);
    const release = acquireLock(home, process.argv[2] ?? 'spillway');
    try {
      const table = await startMesh({ steps: new Steps(toStderr), ...o, home, signal });
      try {
        return await orAborted(signal, work(currentStatus(home), signal));
      } finally {
        await stopMesh(table);
      }
    } finally {
      release();
    }
  });
}

/** Needs the lock. Ends leftovers first; on failure nothing of it keeps running. */
export async function startMesh(o: MeshOptions & { home: Home }): Promise<ProcessTable> {
  await endLeftovers(o.home);
  for (let attempt = 1; ; attempt += 1) {
    const table = new ProcessTable(o.home, emptyState(identifySelf()));
    table.save();
    try {
      await bringUp(table, o);
      return table;
    } catch (e) {
      await stopMesh(table);
      const again = e instanceof StartError && e.addressTaken && attempt < ATTEMPTS_MAX;
      if (!again) throw e;
      o.steps?.line('  a port was taken by somebody else meanwhile; starting again');
    }
  }
}

export async function stopMesh(table: ProcessTable): Promise<void> {
  await table.stopAll();
  if (table.state.composeProject !== null) await stopCompose(table.state.composeProject);
  removeState(table.home);
}

/**
 * Needs the lock. Ends what a killed launcher or a crashed mesh left; false when there was nothing.
 */
export async function endLeftovers(home: Home): Promise<boolean> {
  const state = readState(home);
  if (state === undefined) return false;
  const before = state.processes.filter(lives).length;
  await stopMesh(new ProcessTable(home, state));
  return before > 0 || state.composeProject !== null;
}

async function bringUp(table: ProcessTable, o: MeshOptions): Promise<void> {
  const steps = o.steps ?? new Steps(() => undefined);
  const given = o.given ?? { redisUrl: undefined, mysqlUrls: [] };
  const { redis, signal } = o;
  await startServers(table, { given, size: 'MESH', redis, steps, signal });
  if (o.serversOnly !== true) await startServices(table, steps, o);
  for (const record of table.state.processes) {
    if (!lives(record)) throw new StartError(record.name, 'ended while others started', record.log);
  }
  table.state.phase = 'UP';
  table.save();
}

async function startServices(table: ProcessTable, steps: Steps, o: MeshOptions): Promise<void> {
  const size: MeshSize = { order: 1, inventory: 1, payment: 1, ...o.size };
  const addresses: string[] = [];
  // Two for each service process, calls and metrics; the sandbox, and three of the gateway.
  for (let i = 0; i < 2 * (size.order + size.inventory + size.payment) + 4; i += 1) {
    addresses.push(`${LOOPBACK}:${await freePort()}`);
  }
  const plan = planMesh({
    size,
    takeAddress: () => addresses.pop() ?? '',
    redisUrl: table.state.redisUrls[0] ?? '',
    mysqlUrls: table.state.mysqlUrls,
    secrets: ensureSecrets(table.home),
    sandboxLedger: path.join(table.home.dataDir, 'sandbox-ledger.jsonl'),
  });
  for (const group of plan.groups) {
    await together(
      o.signal,
      group.map((planned) => (signal) => {
        const env = { ...traceEnv(table.home, planned.name, o), ...planned.env };
        const start = () => startService(table, { ...planned, env }, signal);
        return steps.step(planned.name, planned.address, start);
      }),
    );
  }
  table.state.services = plan.services;
  table.state.gatewayGrpc = [plan.gatewayGrpc];
  table.state.sandbox = [plan.sandbox];
  table.state.metrics = plan.metrics;
}

/**
 * Calls leave much short-lived garbage. With V8's default of 16 MiB most of a busy process's young
 * objects are copied before they die; 64 MiB took a tenth off the order service's processor time.
 */
export const NODE_ARGS = ['--max-semi-space-size=64'];

export async function startService(
  table: ProcessTable,
  planned: PlannedProcess,
  signal: AbortSignal,
): Promise<void> {
  const { name, program, address } = planned;
  const record = await table.start({
    name,
    role: 'SERVICE',
    address,
    command: process.execPath,
    args: [...NODE_ARGS, path.join(ROOT, 'dist', 'services', program, 'main.js')],
    env: { ...process.env, ...planned.env },
  });
  const overHttp = program === 'gateway' || program === 'sandbox';
  const probe = overHttp ? () => askHttp(`http://${address}/healthz`) : () => askHealth(address);
  await untilReady(record, probe, { readyMsMax: READY_MS_MAX, signal });
}

/** Rejects as soon as the signal aborts: work that does not listen must not delay the clean-up. */
async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return await Promise.race([work, stopped]);
}
