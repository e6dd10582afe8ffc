// Where Redis and the MySQL-protocol servers come from, as one pure decision. The order is from
// least to most intrusive: what you name, what you have, what your distribution has, what Docker
// has.
import type { Programs } from './programs.js';

export interface GivenServers {
  readonly redisUrl: string | undefined;
  readonly mysqlUrls: readonly string[];
}

export type ServerSource =
  | { source: 'GIVEN'; redisUrl: string; mysqlUrls: readonly string[] }
  | { source: 'PROGRAMS'; redis: string; mysql: NonNullable<Programs['mysql']> }
  | { source: 'PACKAGES'; packages: readonly string[] }
  | { source: 'COMPOSE' }
  | { source: 'NONE'; problem: string };

export function chooseSource(o: {
  given: GivenServers;
  programs: Programs;
  /** apt-get is there and we are root. */
  packagesInstallable: boolean;
  dockerAnswers: boolean;
}): ServerSource {
  const { redisUrl, mysqlUrls } = o.given;
  if (redisUrl !== undefined && mysqlUrls.length > 0)
    return { source: 'GIVEN', redisUrl, mysqlUrls };
  if (redisUrl !== undefined || mysqlUrls.length > 0) {
    return { source: 'NONE', problem: HALF_GIVEN };
  }
  const { redis, mysql } = o.programs;
  if (redis !== undefined && mysql !== undefined) return { source: 'PROGRAMS', redis, mysql };
  if (o.packagesInstallable) {
    const packages = [
      ...(redis === undefined ? ['redis-server'] : []),
      ...(mysql === undefined ? ['mariadb-server'] : []),
    ];
    return { source: 'PACKAGES', packages };
  }
  if (o.dockerAnswers) return { source: 'COMPOSE' };
  return { source: 'NONE', problem: missingText(o.programs) };
}

const HALF_GIVEN =
  'Give both or neither: --redis URL and --mysql URL,URL (or SPILLWAY_REDIS and SPILLWAY_MYSQL).';

function missingText(programs: Programs): string {
  const missing = [
    ...(programs.redis === undefined ? ['redis-server (or valkey-server)'] : []),
    ...(programs.mysql === undefined ? ['mysqld or mariadbd'] : []),
  ];
  return `${missing.join(' and ')} not found. Install what is missing:

  Debian, Ubuntu   sudo apt-get install redis-server mariadb-server
  Fedora           sudo dnf install valkey mariadb-server
  macOS            brew install redis mariadb

They need not run as system services: private ones are started for you.
Or start a Docker engine, or name servers that you have:

  ./spillway up --redis redis://127.0.0.1:6379 \\
    --mysql mysql://user:password@host-1:3306,mysql://user:password@host-2:3306`;
}
