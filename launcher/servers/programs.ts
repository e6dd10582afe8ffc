// Finds server programs: on PATH first, then where distributions hide what they think only root
// runs.
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * Debian puts mysqld in /usr/sbin, Fedora in /usr/libexec, Homebrew's keg-only mysql in its own
 * bin.
 */
const EXTRA_DIRS = [
  '/usr/sbin',
  '/usr/libexec',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mysql/bin',
  '/opt/homebrew/opt/mariadb/bin',
];

export type MysqlFlavour = 'MARIADB' | 'MYSQL';

export interface MysqlProgram {
  readonly server: string;
  readonly flavour: MysqlFlavour;
  /** mariadb-install-db; MySQL's server initialises its data directory itself. */
  readonly installDb: string | undefined;
}

export interface Programs {
  readonly redis: string | undefined;
  readonly mysql: MysqlProgram | undefined;
}

export function findPrograms(pathVariable: string): Programs {
  const redis = findProgram(['redis-server', 'valkey-server'], pathVariable);
  const server = findProgram(['mysqld', 'mariadbd'], pathVariable);
  return { redis, mysql: server === undefined ? undefined : describeMysql(server, pathVariable) };
}

export function findProgram(names: readonly string[], pathVariable: string): string | undefined {
  const dirs = [...pathVariable.split(path.delimiter).filter((dir) => dir !== ''), ...EXTRA_DIRS];
  for (const name of names) {
    const found = dirs.map((dir) => path.join(dir, name)).find(executable);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name says nothing: on Debian `mysqld` is a link to mariadbd. `--version` does. */
export function flavourOf(versionText: string): MysqlFlavour {
  return /mariadb/i.test(versionText) ? 'MARIADB' : 'MYSQL';
}

function describeMysql(server: string, pathVariable: string): MysqlProgram | undefined {
  const flavour = flavourOf(
    execFileSync(server, ['--no-defaults', '--version'], { encoding: 'utf8' }),
  );
  const installDb = findProgram(['mariadb-install-db', 'mysql_install_db'], pathVariable);
  if (flavour === 'MARIADB' && installDb === undefined) return undefined;
  return { server, flavour, installDb: flavour === 'MARIADB' ? installDb : undefined };
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
