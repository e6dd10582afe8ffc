// Reads REDIS_URL: one server, a cluster, or the sentinels that know which server is master. Which of
// them it is changes nothing but this text. Options in the URL are refused: they would be the driver's,
// and one of them could switch the re-sending of commands back on.

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisTarget {
  readonly kind: 'SERVER' | 'CLUSTER' | 'SENTINEL';
  /** The server; some nodes of the cluster, which name the others; the sentinels. */
  readonly nodes: readonly RedisNode[];
  /** What the sentinels call the master; empty for the other kinds. */
  readonly masterName: string;
  /** Of the servers, not of the sentinels. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: boolean;
}

const KINDS: Readonly<Record<string, { kind: RedisTarget['kind']; port: number; tls: boolean }>> = {
  redis: { kind: 'SERVER', port: 6379, tls: false },
  rediss: { kind: 'SERVER', port: 6379, tls: true },
  'redis+cluster': { kind: 'CLUSTER', port: 6379, tls: false },
  'redis+sentinel': { kind: 'SENTINEL', port: 26379, tls: false },
};

export const REDIS_URL_FORMS =
  'redis://host:port (rediss:// for TLS), redis+cluster://host:port,host:port or ' +
  'redis+sentinel://host:port,host:port/master-name';

/** Answers what the URL means, or everything that is wrong with it, without showing a password. */
export function parseRedisUrl(text: string): RedisTarget | { problems: readonly string[] } {
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/s.exec(text) ?? [];
  const known = KINDS[scheme];
  if (known === undefined) return { problems: [`must be ${REDIS_URL_FORMS}`] };
  const problems: string[] = [];
  // The last one: whatever is before it may be a password.
  const at = rest.lastIndexOf('@');
  const account = readAccount(rest.slice(0, Math.max(at, 0)), problems);
  const [hosts = '', ...path] = rest.slice(at + 1).split('/');
  const nodes = readNodes(hosts, known.port, problems);
  if (known.kind === 'SERVER' && nodes.length > 1) {
    problems.push('names several hosts: use redis+cluster:// or redis+sentinel://');
  }
  const { db, masterName } = readPath(known.kind, path.join('/'), problems);
  if (problems.length > 0) return { problems };
  return { kind: known.kind, tls: known.tls, nodes, ...account, db, masterName };
}

/** `host:port` of every node in it: for people, so without account. */
export function redisHosts(text: string): string[] {
  const target = parseRedisUrl(text);
  if ('problems' in target) return [];
  return target.nodes.map(nodeName);
}

export function nodeName(node: RedisNode): string {
  return node.host.includes(':') ? `[${node.host}]:${node.port}` : `${node.host}:${node.port}`;
}

type Account = Pick<RedisTarget, 'username' | 'password'>;

function readAccount(text: string, problems: string[]): Account {
  const [username = '', ...password] = text.split(':');
  const decode = (part: string): string | undefined => {
    if (part === '') return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      problems.push('has a user name or password whose % is not followed by two hex digits');
      return undefined;
    }
  };
  return { username: decode(username), password: decode(password.join(':')) };
}

// Nodes are named by their place: a password with an unescaped / or @ could be among them.
function readNodes(text: string, portDefault: number, problems: string[]): RedisNode[] {
  return text.split(',').map((part, index) => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?$/.exec(part);
    const host = match?.[1] ?? match?.[2] ?? '';
    const port = Number(match?.[3] ?? portDefault);
    if (host === '' || port < 1 || port > 65_535) {
      problems.push(`node ${index + 1} is not host:port`);
    }
    return { host, port };
  });
}

function readPath(
  kind: RedisTarget['kind'],
  path: string,
  problems: string[],
): Pick<RedisTarget, 'db' | 'masterName'> {
  if (kind === 'SENTINEL') {
    if (!/^[A-Za-z0-9._-]+$/.test(path)) {
      problems.push('must end with the name that the sentinels give the master, such as /spillway');
    }
    return { db: 0, masterName: path };
  }
  const db = kind === 'SERVER' && /^[0-9]{1,4}$/.test(path) ? Number(path) : 0;
  if (path !== '' && path !== String(db)) {
    problems.push(
      kind === 'SERVER'
        ? 'has something behind the port that is not the number of a database'
        : 'has something behind the last port; a cluster has one database only',
    );
  }
  return { db, masterName: '' };
}
