// The order in which servers are looked for, as a table.
import { expect, test } from '@jest/globals';
import { chooseSource, type GivenServers } from './choose-source.js';
import { flavourOf, type Programs } from './programs.js';

const mysql = { server: '/usr/sbin/mysqld', flavour: 'MYSQL' as const, installDb: undefined };
const both: Programs = { redis: '/usr/bin/redis-server', mysql };
const onlyRedis: Programs = { redis: '/usr/bin/redis-server', mysql: undefined };
const neither: Programs = { redis: undefined, mysql: undefined };

const none: GivenServers = { redisUrl: undefined, mysqlUrls: [] };
const given: GivenServers = { redisUrl: 'redis://r:1', mysqlUrls: ['mysql://m:1'] };
const half: GivenServers = { redisUrl: 'redis://r:1', mysqlUrls: [] };

test.each<[string, GivenServers, Programs, boolean, boolean, object]>([
  // what                       given  programs  apt    docker  choice
  ['what you name comes first', given, both, true, true, { source: 'GIVEN' }],
  ['then what you have', none, both, true, true, { source: 'PROGRAMS' }],
  [
    'then packages, only what is missing',
    none,
    onlyRedis,
    true,
    true,
    { source: 'PACKAGES', packages: ['mariadb-server'] },
  ],
  [
    'both packages',
    none,
    neither,
    true,
    false,
    { source: 'PACKAGES', packages: ['redis-server', 'mariadb-server'] },
  ],
  ['then Docker, for all of them', none, onlyRedis, false, true, { source: 'COMPOSE' }],
  ['else it says what to install', none, neither, false, false, { source: 'NONE' }],
  ['half of an answer is none', half, both, true, true, { source: 'NONE' }],
])('%s', (_, servers, programs, packagesInstallable, dockerAnswers, choice) => {
  const chosen = chooseSource({ given: servers, programs, packagesInstallable, dockerAnswers });
  expect(chosen).toMatchObject(choice);
});

test('the message names what is missing, and only that, for each system', () => {
  const options = { given: none, packagesInstallable: false, dockerAnswers: false };
  const chosen = chooseSource({ ...options, programs: onlyRedis });
  const problem = chosen.source === 'NONE' ? chosen.problem : '';
  expect(problem).toMatch(/^mysqld or mariadbd not found/);
  for (const system of ['Debian', 'Fedora', 'macOS']) expect(problem).toContain(system);
});

test.each([
  ['mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)', 'MARIADB'],
  ['mariadbd from 11.4.4-MariaDB, client 15.2', 'MARIADB'],
  ['/usr/sbin/mysqld  Ver 8.0.40 for Linux on x86_64 (MySQL Community Server - GPL)', 'MYSQL'],
])('the flavour of %s', (text, flavour) => {
  expect(flavourOf(text)).toBe(flavour);
});
