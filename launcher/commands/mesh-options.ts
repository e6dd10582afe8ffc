// Options of every command that may bring up a mesh, declared and read in one place.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { MeshSize } from '../mesh-plan.js';
import type { GivenServers } from '../servers/choose-source.js';

/** A laptop's worth. More processes than that on one machine measure the scheduler. */
const PROCESSES_MAX = 16;

export interface MeshFlags {
  order: number;
  inventory: number;
  payment: number;
  redis?: string;
  mysql?: string[];
}

export function addMeshOptions(command: Command): Command {
  for (const service of ['order', 'inventory', 'payment']) {
    command.option(`--${service} <n>`, `processes of the ${service} service`, processCount, 1);
  }
  return command
    .addOption(
      new Option('--redis <url>', 'use this Redis and start none')
        .env('SPILLWAY_REDIS')
        .argParser((text) => serverUrl(text, 'redis:')),
    )
    .addOption(
      new Option('--mysql <urls>', 'use these MySQL servers (URL,URL) and start none')
        .env('SPILLWAY_MYSQL')
        .argParser((text) => text.split(',').map((url) => serverUrl(url, 'mysql:'))),
    );
}

export function readMeshFlags(flags: MeshFlags): { size: MeshSize; given: GivenServers } {
  const { order, inventory, payment } = flags;
  const given = { redisUrl: flags.redis, mysqlUrls: flags.mysql ?? [] };
  return { size: { order, inventory, payment }, given };
}

function processCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= PROCESSES_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${PROCESSES_MAX}.`);
}

function serverUrl(text: string, protocol: 'redis:' | 'mysql:'): string {
  const example =
    protocol === 'redis:' ? 'redis://127.0.0.1:6379' : 'mysql://user:password@127.0.0.1:3306';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== protocol || url.hostname === '' || url.port === '') {
    throw new InvalidArgumentError(`Give a URL with host and port, such as ${example}`);
  }
  return text.replace(/\/$/, '');
}
