// The same servers as containers, for machines that have a Docker engine but not the programs.
// Stopping removes the containers; their volumes go with `down --wipe`.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { type Home, ROOT } from '../paths.js';
import type { ProcessTable } from '../process-table.js';
import type { Secrets } from '../secrets.js';
import type { Steps } from '../steps.js';
import { APPLICATION_USER, accountStatements, type ServerSize } from './mysql-arguments.js';
import { askMysql } from './mysql-server.js';

const execFileAsync = promisify(execFile);

const ANSWER_MS_MAX = 5_000;
/** Includes pulling the images at the first start. */
const UP_MS_MAX = 10 * 60_000;
const DOWN_MS_MAX = 60_000;

export async function dockerAnswers(): Promise<boolean> {
  try {
    await execFileAsync('docker', ['info'], { timeout: ANSWER_MS_MAX });
    await execFileAsync('docker', ['compose', 'version'], { timeout: ANSWER_MS_MAX });
    return true;
  } catch {
    return false;
  }
}

export async function startCompose(
  table: ProcessTable,
  o: { secrets: Secrets; size: ServerSize; steps: Steps },
): Promise<void> {
  const project = projectOf(table.home);
  const { mysqlPassword: password, mysqlRootPassword: rootPassword } = o.secrets;
  // Recorded first: what the engine starts must be found again even if we are killed meanwhile.
  table.state.composeProject = project;
  table.save();
  await o.steps.step('containers', project, () =>
    compose(project, ['up', '--detach', '--wait'], UP_MS_MAX, rootPassword),
  );
  const portOf = async (service: string, port: number) =>
    (await compose(project, ['port', service, String(port)], ANSWER_MS_MAX, rootPassword)).trim();
  const accounts = accountStatements({ password, rootPassword, size: o.size, host: '%' });
  const mysqlUrls: string[] = [];
  for (const service of ['mysql-1', 'mysql-2']) {
    const address = await portOf(service, 3306);
    await runAsRoot(`mysql://root:${rootPassword}@${address}`, accounts);
    const url = `mysql://${APPLICATION_USER}:${password}@${address}`;
    await o.steps.step(service, address, () => askMysql(url));
    mysqlUrls.push(url);
  }
  table.state.redisUrls = [`redis://${await portOf('redis-1', 6379)}`];
  table.state.mysqlUrls = mysqlUrls;
  table.save();
}

export async function stopCompose(project: string): Promise<void> {
  await compose(project, ['down'], DOWN_MS_MAX, '');
}

export async function wipeCompose(home: Home): Promise<void> {
  if (await dockerAnswers()) await compose(projectOf(home), ['down', '--volumes'], DOWN_MS_MAX, '');
}

/** One project per home, so that two checkouts do not share containers. */
function projectOf(home: Home): string {
  return `spillway-${createHash('sha256').update(home.dir).digest('hex').slice(0, 8)}`;
}

async function compose(
  project: string,
  args: readonly string[],
  msMax: number,
  rootPassword: string,
): Promise<string> {
  const file = path.join(ROOT, 'deploy', 'compose.yaml');
  const { stdout } = await execFileAsync(
    'docker',
    ['compose', '--project-name', project, '--file', file, ...args],
    { timeout: msMax, env: { ...process.env, SPILLWAY_MYSQL_ROOT_PASSWORD: rootPassword } },
  );
  return stdout;
}

async function runAsRoot(url: string, statements: readonly string[]): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: ANSWER_MS_MAX });
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}
