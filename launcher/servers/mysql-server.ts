// One private MySQL-protocol server: initialise its data directory once, start it, wait for a real
// query.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { freePort, LOOPBACK } from '../ports.js';
import { type ProcessTable, untilReady } from '../process-table.js';
import type { Secrets } from '../secrets.js';
import type { ServerSize } from './mysql-arguments.js';
import {
  APPLICATION_USER,
  accountStatements,
  initialiseArguments,
  serverArguments,
} from './mysql-arguments.js';
import type { MysqlProgram } from './programs.js';

const execFileAsync = promisify(execFile);

/** Recovery of a 256 MB redo log after a kill takes seconds on a slow disk. */
const READY_MS_MAX = 90_000;
const INITIALISE_MS_MAX = 120_000;
const PROBE_MS_MAX = 2_000;

export interface MysqlServerOptions {
  name: string;
  program: MysqlProgram;
  secrets: Secrets;
  size: ServerSize;
  /** After ours, so that they win. */
  moreArguments?: readonly string[];
  signal?: AbortSignal | undefined;
}

/** Returns its URL, password included. */
export async function startMysql(table: ProcessTable, o: MysqlServerOptions): Promise<string> {
  const dir = path.join(table.home.dataDir, o.name);
  const place = {
    flavour: o.program.flavour,
    dataDir: path.join(dir, 'data'),
    tmpDir: path.join(dir, 'tmp'),
    asRoot: process.getuid?.() === 0,
  };
  await initialise(dir, place, o.program);

  const initFile = path.join(dir, 'accounts.sql');
  const { mysqlPassword: password, mysqlRootPassword: rootPassword } = o.secrets;
  const accounts = accountStatements({ password, rootPassword, size: o.size, host: LOOPBACK });
  writeFileSync(initFile, accounts.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });

  const port = await freePort();
  const record = await table.start({
    name: o.name,
    role: 'SERVER',
    address: `${LOOPBACK}:${port}`,
    command: o.program.server,
    args: [
      ...serverArguments({
        ...place,
        port,
        initFile,
        pidFile: path.join(dir, 'server.pid'),
        size: o.size,
        linux: process.platform === 'linux',
        memoryMib: Math.floor(totalmem() / 2 ** 20),
      }),
      ...(o.moreArguments ?? []),
    ],
    cwd: dir,
    env: process.env,
  });
  const url = `mysql://${APPLICATION_USER}:${password}@${LOOPBACK}:${port}`;
  await untilReady(record, () => askMysql(url), { readyMsMax: READY_MS_MAX, signal: o.signal });
  return url;
}

/** A port that accepts says little; a query as our own user says that it serves. */
export async function askMysql(url: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: PROBE_MS_MAX });
  // Errors after the answer are of no interest, but unheard they would end the launcher.
  connection.on('error', () => undefined);
  try {
    await connection.query({ sql: 'SELECT 1', timeout: PROBE_MS_MAX });
  } finally {
    connection.destroy();
  }
}

/** The marker is written last, so a data directory whose making was interrupted is made anew. */
async function initialise(
  dir: string,
  place: Parameters<typeof initialiseArguments>[0],
  program: MysqlProgram,
): Promise<void> {
  const marker = path.join(dir, 'flavour');
  if (existsSync(marker)) {
    const made = readFileSync(marker, 'utf8').trim();
    if (made === program.flavour) return;
    throw new Error(
      `the data in ${dir} was made by ${made}, but ${program.server} is ${program.flavour}.\n` +
        'Throw the old data away with: ./spillway down --wipe',
    );
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(place.tmpDir, { recursive: true, mode: 0o700 });
  // Made under another name: what a killed launcher left at work can then only spoil its own
  // directory.
  const making = mkdtempSync(path.join(dir, 'making-'));
  const command = program.installDb ?? program.server;
  try {
    await execFileAsync(command, initialiseArguments({ ...place, dataDir: making }), {
      timeout: INITIALISE_MS_MAX,
    });
  } catch (e) {
    const { stdout, stderr } = e as { stdout?: string; stderr?: string };
    throw new Error(
      `${command} could not make a data directory in ${dir}:\n${stdout ?? ''}${stderr ?? ''}\n` +
        'If it says "Permission denied" on Ubuntu, AppArmor confines mysqld to /var/lib/mysql: ' +
        'install mariadb-server instead.',
      { cause: e },
    );
  }
  renameSync(making, place.dataDir);
  writeFileSync(marker, `${program.flavour}\n`);
}
