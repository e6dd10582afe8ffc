// What it ran on: without it a number means nothing.
import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { ROOT } from '../paths.js';
import type { Machine, Versions } from './bench-result.js';
import { othersMax } from './figures.js';
import type { Lab } from './lab.js';
import type { Sample } from './measure.js';

const execFileAsync = promisify(execFile);
const GIB = 1024 ** 3;

export function describeMachine(samples: readonly Sample[]): Machine {
  const others = othersMax(samples);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / GIB),
    os: `${type()} ${release()}`,
    ...(others === undefined ? {} : { others_share_max: others }),
  };
}

export async function readVersions(lab: Pick<Lab, 'redisUrl' | 'mysqlUrls'>): Promise<Versions> {
  const commit = await commitOf();
  return {
    node: process.version,
    redis: await redisVersion(lab.redisUrl),
    mysql: await mysqlVersion(lab.mysqlUrls[0] ?? ''),
    ...(commit === undefined ? {} : { commit }),
  };
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}

async function mysqlVersion(uri: string): Promise<string> {
  const connection = await mysql.createConnection({ uri });
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    return (rows as { version: string }[])[0]?.version ?? 'unknown';
  } finally {
    connection.destroy();
  }
}

/** Undefined for a copy without its history, or on a machine without git. */
async function commitOf(): Promise<string | undefined> {
  const git = async (...args: string[]) =>
    (await execFileAsync('git', args, { cwd: ROOT })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return undefined;
  }
}
