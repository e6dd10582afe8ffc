// What both flavours of server are told; only MariaDB can be run in the real-server tests.
import { describe, expect, test } from '@jest/globals';
import {
  accountStatements,
  initialiseArguments,
  type ServerSize,
  serverArguments,
} from './mysql-arguments.js';
import type { MysqlFlavour } from './programs.js';

const place = (flavour: MysqlFlavour, asRoot = false) => ({
  flavour,
  dataDir: '/private/d',
  tmpDir: '/private/t',
  asRoot,
});

const start = (
  flavour: MysqlFlavour,
  o: { asRoot?: boolean; linux?: boolean; memoryMib?: number; size?: ServerSize } = {},
) =>
  serverArguments({
    ...place(flavour, o.asRoot ?? false),
    port: 20_001,
    initFile: '/private/accounts.sql',
    pidFile: '/private/server.pid',
    size: o.size ?? 'MESH',
    linux: o.linux ?? true,
    memoryMib: o.memoryMib ?? 8_192,
  });

describe('making a data directory', () => {
  test('MariaDB has a program for it, MySQL does it itself', () => {
    expect(initialiseArguments(place('MARIADB'))).toContain('--skip-test-db');
    expect(initialiseArguments(place('MYSQL'))).toEqual([
      '--no-defaults',
      '--initialize-insecure',
      '--datadir=/private/d',
      '--tmpdir=/private/t',
    ]);
  });

  test.each<MysqlFlavour>(['MARIADB', 'MYSQL'])('%s refuses root unless told so', (flavour) => {
    expect(initialiseArguments(place(flavour, true))).toContain('--user=root');
    expect(start(flavour, { asRoot: true })).toContain('--user=root');
    expect(start(flavour)).not.toContain('--user=root');
  });
});

describe.each<MysqlFlavour>(['MARIADB', 'MYSQL'])('starting %s', (flavour) => {
  test('reads no machine-wide settings; the option must be the first', () => {
    expect(start(flavour)[0]).toBe('--no-defaults');
  });

  test('keeps what it acknowledged, and listens to this machine only', () => {
    expect(start(flavour)).toEqual(
      expect.arrayContaining([
        '--innodb-flush-log-at-trx-commit=1',
        '--innodb-flush-method=O_DIRECT',
        '--skip-log-bin',
        '--bind-address=127.0.0.1',
        '--default-time-zone=+00:00',
      ]),
    );
    expect(start(flavour).join(' ')).not.toMatch(/doublewrite|secret|password/);
  });

  test('has a socket path that no deep checkout can make too long', () => {
    expect(start(flavour)).toContain('--socket=mysql.sock');
  });

  test('keeps its temporary tables away from other servers, which would delete them', () => {
    expect(start(flavour)).toContain('--tmpdir=/private/t');
    expect(initialiseArguments(place(flavour))).toContain('--tmpdir=/private/t');
  });

  test('uses O_DIRECT on Linux only', () => {
    expect(start(flavour, { linux: false })).toContain('--innodb-flush-method=fsync');
  });
});

test.each([
  ['MESH', 1_024, '256M'],
  ['MESH', 12_000, '1000M'],
  ['MESH', 512_000, '2048M'],
  ['TEST', 512_000, '64M'],
] as const)('a server for a %s on %d MiB caches %s', (size, memoryMib, pool) => {
  expect(start('MARIADB', { size, memoryMib })).toContain(`--innodb-buffer-pool-size=${pool}`);
});

test('each flavour gets only options that it knows', () => {
  expect(start('MARIADB').filter((o) => /mysqlx|redo-log-capacity|secure-file/.test(o))).toEqual(
    [],
  );
  expect(start('MYSQL').filter((o) => o.startsWith('--innodb-log-file-size'))).toEqual([]);
});

describe('accounts', () => {
  const statements = (size: 'MESH' | 'TEST') =>
    accountStatements({ password: 'aa', rootPassword: 'bb', size, host: '127.0.0.1' });

  test('the application owns its own databases and no others', () => {
    const grants = statements('MESH').filter((s) => s.startsWith('GRANT'));
    expect(grants).toEqual([
      "GRANT ALL PRIVILEGES ON `spillway\\_%`.* TO 'spillway'@'127.0.0.1'",
      "GRANT ALL PRIVILEGES ON `test\\_%`.* TO 'spillway'@'127.0.0.1'",
    ]);
  });

  test('nobody gets in as root without a password', () => {
    for (const size of ['MESH', 'TEST'] as const) {
      expect(statements(size)).toContain(
        "ALTER USER IF EXISTS 'root'@'localhost' IDENTIFIED BY 'bb'",
      );
      expect(statements(size)).toContain("DROP USER IF EXISTS 'root'@'127.0.0.1'");
    }
  });

  test('each is one line: that is how a server reads its init file', () => {
    for (const statement of statements('MESH')) expect(statement).not.toMatch(/\n|;/);
  });
});
