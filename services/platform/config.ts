// Reads a process's whole configuration at once, from environment variables, and refuses to start
// with a list of everything that is wrong with it. Values are never shown: some are secrets.

import { z } from 'zod';
import { CRASH_POINTS, type CrashPlan, parseCrashPlan } from './crash-point.js';
import { parseRedisUrl } from './redis/url.js';
import { SHARDS } from './shard.js';

/** Its message has one line per problem: variable, problem, example. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** One physical server and the logical shards from..to (inclusive) that live on it. */
export interface ShardUrl {
  from: number;
  to: number;
  url: string;
}

/** Variables that are set but empty count as missing. */
export function readConfig<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.infer<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(lines.join('\n'));
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

// Long enough that it cannot be guessed: 16 characters of base64 are 96 bits.
const SECRET_CHARS_MIN = 16;

/** Pieces of a schema. Each takes text and knows an example of what it wants. */
export const configFields = {
  listen: field('127.0.0.1:50051', parseListen),
  mysqlShards: field(
    '0-31=mysql://user:pass@127.0.0.1:3306,32-63=mysql://user:pass@127.0.0.1:3307',
    parseShards,
  ),
  databasePrefix: field('spillway_', parseDatabasePrefix, 'spillway_'),
  redisUrl: field('redis://127.0.0.1:6379', parseRedis),
  addresses: field('127.0.0.1:50051,127.0.0.1:50052', parseAddresses),
  logLevel: field('info', (text) => oneOf(LEVELS, text), 'info'),
  url: field('http://127.0.0.1:8080', (text) => parseUrl(text, ['http:', 'https:'])),
  secretList: field('3q2-7wAAAAAAAAAAAAAAAA', parseSecrets),
  crashPlan: field('gate.after:2', parseCrash).optional(),
  onOff: (fallback: 'on' | 'off') => field(fallback, parseOnOff, fallback),
  oneOf: (words: string[], fallback: string) =>
    field(fallback, (text) => oneOf(words, text), fallback),
  ratio: (fallback: number) => field(String(fallback), parseRatio, fallback),
  text: (example: string) => field(example, (text) => text),
  int: (min: number, max: number, fallback?: number) =>
    field(String(fallback ?? min), (text) => parseInteger(text, min, max, ''), fallback),
  ms: (min: number, max: number, fallback?: number) =>
    field(
      String(fallback ?? min),
      (text) => parseInteger(text, min, max, ' milliseconds'),
      fallback,
    ),
};

class Problem {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function field<T>(
  example: string,
  parse: (text: string) => T | Problem,
  fallback?: string | number,
): z.ZodType<T> {
  const missing = `missing. Example: ${example}`;
  const text = z.string({ error: missing });
  const source = fallback === undefined ? text : text.default(String(fallback));
  return source.transform((given, context) => {
    const value = parse(given.trim());
    if (!(value instanceof Problem)) return value;
    context.addIssue({ code: 'custom', message: `${value.text}. Example: ${example}` });
    return z.NEVER;
  });
}

function parseCrash(text: string): CrashPlan | Problem {
  const names = Object.keys(CRASH_POINTS).join(', ');
  return parseCrashPlan(text) ?? new Problem(`must be name or name:nth, of ${names}`);
}

function splitAddress(text: string): { host: string; port: number } | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const port = Number(match[2]);
  return port <= 65_535 ? { host: match[1], port } : undefined;
}

function parseListen(text: string): string | Problem {
  return splitAddress(text) ? text : new Problem('must be host:port');
}

function parseAddresses(text: string): string[] | Problem {
  const addresses = text.split(',').map((part) => part.trim());
  const wrong = addresses.find((address) => !splitAddress(address)?.port);
  if (wrong !== undefined) return new Problem(`'${wrong}' is not host:port`);
  return addresses;
}

function parseDatabasePrefix(text: string): string | Problem {
  if (/^[a-z][a-z0-9_]{0,39}$/.test(text)) return text;
  return new Problem('must be lower case letters, digits and underscores, 40 at most');
}

function parseUrl(text: string, protocols: string[]): string | Problem {
  const wanted = protocols.map((protocol) => `${protocol}//`).join(' or ');
  if (!URL.canParse(text)) return new Problem(`must be a URL that starts with ${wanted}`);
  const url = new URL(text);
  if (protocols.includes(url.protocol) && url.hostname !== '') return text;
  return new Problem(`must start with ${wanted} and name a host`);
}

function parseRedis(text: string): string | Problem {
  const target = parseRedisUrl(text);
  return 'problems' in target ? new Problem(target.problems.join('; ')) : text;
}

function parseOnOff(text: string): boolean | Problem {
  return text === 'on' || text === 'off' ? text === 'on' : new Problem('must be on or off');
}

function oneOf(words: string[], text: string): string | Problem {
  return words.includes(text) ? text : new Problem(`must be one of ${words.join(', ')}`);
}

function parseInteger(text: string, min: number, max: number, unit: string): number | Problem {
  const value = Number(text);
  const inside = /^-?[0-9]{1,15}$/.test(text) && value >= min && value <= max;
  return inside ? value : new Problem(`must be a whole number${unit} from ${min} to ${max}`);
}

function parseRatio(text: string): number | Problem {
  const value = Number(text);
  const inside = text !== '' && value >= 0 && value <= 1;
  return inside ? value : new Problem('must be a number from 0 to 1');
}

function parseSecrets(text: string): string[] | Problem {
  const secrets = text.split(',').map((part) => part.trim());
  if (secrets.every((secret) => secret.length >= SECRET_CHARS_MIN)) return secrets;
  return new Problem(
    `every secret (they are separated by commas) needs at least ${SECRET_CHARS_MIN} characters`,
  );
}

function parseShards(text: string): ShardUrl[] | Problem {
  const shards: ShardUrl[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const match = /^([0-9]{1,2})-([0-9]{1,2})=(.+)$/.exec(part.trim());
    // The part may hold a password, so it is named by its place.
    if (!match?.[3]) return new Problem(`entry ${index + 1} is not from-to=mysql://...`);
    const url = parseUrl(match[3], ['mysql:']);
    if (url instanceof Problem) return new Problem(`entry ${index + 1} ${url.text}`);
    shards.push({ from: Number(match[1]), to: Number(match[2]), url });
  }
  return coverProblem(shards) ?? shards.sort((a, b) => a.from - b.from);
}

// Every shard must live in exactly one place: a hole loses orders, an overlap hides them.
function coverProblem(shards: ShardUrl[]): Problem | undefined {
  const owners = new Array<number>(SHARDS).fill(0);
  for (const { from, to } of shards) {
    if (from > to || to >= SHARDS) return new Problem(`${from}-${to} is not a range in 0-63`);
    for (let shard = from; shard <= to; shard++) owners[shard] = (owners[shard] ?? 0) + 1;
  }
  const missing = owners.indexOf(0);
  if (missing >= 0) return new Problem(`shard ${missing} has no server (0-63 must be covered)`);
  const twice = owners.findIndex((count) => count > 1);
  return twice >= 0 ? new Problem(`shard ${twice} has two servers`) : undefined;
}
