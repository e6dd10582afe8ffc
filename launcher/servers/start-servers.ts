// Redis and two MySQL-protocol servers, from wherever they can be had, all starting at once.

import { redisHosts } from '../../services/platform/redis/url.js';
import type { ProcessTable } from '../process-table.js';
import { ensureSecrets } from '../secrets.js';
import type { Steps } from '../steps.js';
import { together } from '../together.js';
import { chooseSource, type GivenServers } from './choose-source.js';
import { dockerAnswers, startCompose } from './docker-compose.js';
import { installPackages, packagesInstallable } from './install-packages.js';
import type { ServerSize } from './mysql-arguments.js';
import { askMysql, startMysql } from './mysql-server.js';
import { findPrograms } from './programs.js';
import { askRedis } from './redis-server.js';
import { type RedisTopology, type StartedRedis, startRedisTopology } from './redis-topology.js';

/** Two, because with one nobody notices a statement that would need a transaction across shards. */
const MYSQL_SERVERS = 2;

export interface ServerOptions {
  given: GivenServers;
  size: ServerSize;
  /** Of the Redis that is started here; SERVER when it is left out. */
  redis?: RedisTopology | undefined;
  steps: Steps;
  signal?: AbortSignal | undefined;
}

/** Puts the servers' URLs into the table's state. */
export async function startServers(table: ProcessTable, o: ServerOptions): Promise<void> {
  const pathVariable = process.env['PATH'] ?? '';
  const look = async () => {
    const programs = findPrograms(pathVariable);
    const complete = programs.redis !== undefined && programs.mysql !== undefined;
    // Asking the Docker engine takes a while, so it is asked only when it matters.
    const needed = !complete && o.given.redisUrl === undefined;
    return chooseSource({
      given: o.given,
      programs,
      packagesInstallable: packagesInstallable(pathVariable),
      dockerAnswers: needed && (await dockerAnswers()),
    });
  };

  let choice = await look();
  if (choice.source === 'PACKAGES') {
    const { packages } = choice;
    await o.steps.step(packages.join(', '), 'installed', () => installPackages(packages));
    choice = await look();
  }
  switch (choice.source) {
    case 'GIVEN':
      return useGiven(table, choice, o);
    case 'PROGRAMS':
      return startPrograms(table, choice, o);
    case 'COMPOSE':
      if ((o.redis ?? 'SERVER') !== 'SERVER') throw new Error(NEEDS_PROGRAMS);
      return startCompose(table, { secrets: ensureSecrets(table.home), ...o });
    case 'PACKAGES':
      throw new Error(`installed, but still not found: ${choice.packages.join(', ')}`);
    case 'NONE':
      throw new Error(choice.problem);
  }
}

const NEEDS_PROGRAMS =
  'A Redis Cluster, or sentinels, are started from programs only: install redis-server (with ' +
  'redis-cli) and mysqld or mariadbd, or name your own with --redis and --mysql.';

async function useGiven(
  table: ProcessTable,
  given: { redisUrl: string; mysqlUrls: readonly string[] },
  o: ServerOptions,
): Promise<void> {
  const asked = (host: string, ask: () => Promise<void>) => {
    return o.steps.step('given', host, async () => {
      await ask().catch((e: Error) => {
        throw new Error(`the server you gave at ${host} does not answer: ${e.message}`);
      });
    });
  };
  await Promise.all([
    asked(redisHosts(given.redisUrl).join(), () => askRedis(given.redisUrl)),
    ...given.mysqlUrls.map((url) => asked(new URL(url).host, () => askMysql(url))),
  ]);
  table.state.redisUrls = [given.redisUrl];
  table.state.mysqlUrls = [...given.mysqlUrls];
  table.save();
}

async function startPrograms(
  table: ProcessTable,
  programs: { redis: string; mysql: Parameters<typeof startMysql>[1]['program'] },
  o: ServerOptions,
): Promise<void> {
  const secrets = ensureSecrets(table.home);
  const { size, steps, redis: topology = 'SERVER' } = o;
  let redis: StartedRedis | undefined;
  const startRedis = async (signal: AbortSignal) => {
    const { redis: program } = programs;
    redis = await startRedisTopology(table, { topology, program, steps, signal });
  };
  const mysqlUrls: string[] = [];
  const mysql = Array.from({ length: MYSQL_SERVERS }, (_, i) => async (signal: AbortSignal) => {
    const name = `mysql-${i + 1}`;
    const options = { name, program: programs.mysql, secrets, size, signal };
    const address = () => new URL(mysqlUrls[i] ?? '').host;
    await steps.step(name, address, async () => {
      mysqlUrls[i] = await startMysql(table, options);
    });
  });
  await together(o.signal, [startRedis, ...mysql]);
  table.state.redisUrls = redis === undefined ? [] : [redis.url];
  table.state.redisNodes = redis?.nodes ?? [];
  table.state.mysqlUrls = mysqlUrls;
  table.save();
}
