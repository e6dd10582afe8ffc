// with-servers: runs a command with a private Redis and two MySQL servers of its own, made for it
// and removed after it, whatever way it ends. Hidden from the help: it is for tests.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { Interrupted, interruptible } from '../interrupt.js';
import { createHome, defaultHome, type Home, homeAt } from '../paths.js';
import { identifySelf, lives } from '../process-identity.js';
import { ProcessTable } from '../process-table.js';
import { findPrograms } from '../servers/programs.js';
import { type RedisTopology, startRedisTopology } from '../servers/redis-topology.js';
import { startServers } from '../servers/start-servers.js';
import { emptyState, readState } from '../state.js';
import { Steps, silent, toStderr } from '../steps.js';

const TEST_DIR_PREFIX = 'test-';
/** A test runner ends at once when asked; one that hangs must not keep the servers. */
const COMMAND_STOP_MS_MAX = 10_000;

interface Flags {
  verbose?: true;
  redisCluster?: true;
  redisSentinel?: true;
}

/** What a command may ask for beside the one Redis that every test has. */
type Besides = readonly Exclude<RedisTopology, 'SERVER'>[];

export function registerWithServers(program: Command): void {
  program
    .command('with-servers', { hidden: true })
    .description('run a command with TEST_REDIS, TEST_MYSQL_1 and TEST_MYSQL_2 set')
    .option('--verbose', 'tell where the servers listen')
    .option('--redis-cluster', 'a Redis Cluster besides, in TEST_REDIS_CLUSTER')
    .option(
      '--redis-sentinel',
      'sentinels with a master and a replica besides, in TEST_REDIS_SENTINEL',
    )
    .argument('<command...>')
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  ./spillway with-servers -- npx jest int.test')
    .action(async (command: string[], o: Flags) => {
      const steps = o.verbose === true ? new Steps(toStderr) : silent;
      const more = { CLUSTER: o.redisCluster, SENTINEL: o.redisSentinel };
      const besides = (['CLUSTER', 'SENTINEL'] as const).filter((topology) => more[topology]);
      process.exitCode = await withServers(command, steps, besides);
    });
}

/** The command's own exit code; 128 + the signal's number when one ended it. */
export async function withServers(
  command: readonly string[],
  steps: Steps,
  besides: Besides = [],
): Promise<number> {
  await removeAbandoned(defaultHome());
  return await interruptible(async (signal) => {
    const table = testTable(defaultHome());
    try {
      const given = { redisUrl: undefined, mysqlUrls: [] };
      await startServers(table, { given, size: 'TEST', steps, signal });
      const env = await startBesides(table, besides, steps, signal);
      signal.throwIfAborted();
      return await runBeside(table, command, env, signal);
    } finally {
      await table.stopAll();
      rmSync(table.home.dir, { recursive: true, force: true });
    }
  });
}

async function startBesides(
  table: ProcessTable,
  besides: Besides,
  steps: Steps,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const topology of besides) {
    const { redis: program } = findPrograms(process.env['PATH'] ?? '');
    if (program === undefined) throw new Error('redis-server not found');
    const started = await startRedisTopology(table, { topology, program, steps, signal });
    env[`TEST_REDIS_${topology}`] = started.url;
  }
  return env;
}

async function runBeside(
  table: ProcessTable,
  [name = '', ...args]: readonly string[],
  besides: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  const { redisUrls, mysqlUrls } = table.state;
  const servers = {
    ...besides,
    TEST_REDIS: redisUrls[0],
    TEST_MYSQL_1: mysqlUrls[0],
    TEST_MYSQL_2: mysqlUrls[1],
  };
  const child = spawn(name, args, { stdio: 'inherit', env: { ...process.env, ...servers } });
  signal.addEventListener('abort', () => {
    // Ctrl-C has reached the command already, with the whole foreground group; once more does no
    // harm.
    child.kill(signal.reason instanceof Interrupted ? signal.reason.signalName : 'SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), COMMAND_STOP_MS_MAX).unref();
  });
  return await exitCode(child, name);
}

/** Ends servers and removes directories of test runs that were killed before they could do it. */
export async function removeAbandoned(home: Home): Promise<void> {
  for (const test of testHomes(home)) {
    const state = readState(test);
    // Without a state it may be just being made; then it has no processes yet either.
    if (state === undefined || (state.supervisor !== null && lives(state.supervisor))) continue;
    await new ProcessTable(test, state).stopAll();
    rmSync(test.dir, { recursive: true, force: true });
  }
}

export function testHomes(home: Home): Home[] {
  try {
    return readdirSync(home.dir)
      .filter((name) => name.startsWith(TEST_DIR_PREFIX))
      .map((name) => homeAt(path.join(home.dir, name)));
  } catch {
    return [];
  }
}

function testTable(home: Home): ProcessTable {
  mkdirSync(home.dir, { recursive: true, mode: 0o700 });
  const test = homeAt(mkdtempSync(path.join(home.dir, TEST_DIR_PREFIX)));
  createHome(test);
  const table = new ProcessTable(test, emptyState(identifySelf()));
  table.save();
  return table;
}

function exitCode(child: ReturnType<typeof spawn>, name: string): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (e) => {
      process.stderr.write(`cannot run ${name}: ${e.message}\n`);
      resolve(127);
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
