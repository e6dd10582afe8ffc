// state.json: what runs, written before anybody needs to know it. Every process is recorded in the
// same tick as it is spawned, so a killed launcher leaves nothing that the next command cannot find
// and end. The file holds the servers' URLs with passwords: mode 0600, replaced atomically.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Home } from './paths.js';

const identity = z.object({ pid: z.int().positive(), startedAt: z.string() });

const processRecord = identity.extend({
  name: z.string(),
  role: z.enum(['SERVER', 'SERVICE']),
  address: z.string().default(''),
  log: z.string().default(''),
});

const addresses = z.array(z.string()).default([]);

const stateSchema = z.object({
  phase: z.enum(['STARTING', 'UP']),
  /** The launcher that holds the mesh in the foreground; null once `up --detach` has returned. */
  supervisor: identity.nullable(),
  processes: z.array(processRecord),
  services: z
    .object({ order: addresses, inventory: addresses, payment: addresses, gateway: addresses })
    .prefault({}),
  gatewayGrpc: addresses,
  sandbox: addresses,
  /** host:port of the metrics of each process, by its name. */
  metrics: z.record(z.string(), z.string()).default({}),
  /** As REDIS_URL has it: one server, a cluster, or sentinels. */
  redisUrls: addresses,
  /** host:port of every Redis server that was started here, replicas too. */
  redisNodes: addresses,
  mysqlUrls: addresses,
  /** Docker Compose project, when the servers are containers. */
  composeProject: z.string().nullable().default(null),
});

export type ProcessRecord = z.infer<typeof processRecord>;
export type State = z.infer<typeof stateSchema>;

export function emptyState(supervisor: State['supervisor']): State {
  return stateSchema.parse({ phase: 'STARTING', supervisor, processes: [] });
}

export function parseState(text: string): State {
  return stateSchema.parse(JSON.parse(text));
}

/**
 * Undefined when there is none. Throws when it cannot be understood: guessing could lose processes.
 */
export function readState(home: Home): State | undefined {
  let text: string;
  try {
    text = readFileSync(home.stateFile, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw e;
  }
  try {
    return parseState(text);
  } catch (e) {
    throw new Error(
      `${home.stateFile} cannot be understood (${(e as Error).message}).\n` +
        'It lists processes that may still run: end those by hand, then remove the file.',
      { cause: e },
    );
  }
}

export function writeState(home: Home, state: State): void {
  const next = `${home.stateFile}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, home.stateFile);
}

export function removeState(home: Home): void {
  rmSync(home.stateFile, { force: true });
}
