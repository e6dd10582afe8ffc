// MYSQL_REPLICAS: which replicas may be read, each beside some shards. They name the server that
// MYSQL_SHARDS puts there: a replica follows a server and not a shard, so what moves to another server is
// read from the replicas of that one.
//
// Invariant: each entry names shards of one server, which is not the replica itself.

import { z } from 'zod';
import { configFields, type ShardUrl } from '../platform/config.js';
import { SHARDS } from '../platform/shard.js';

const EXAMPLE = '0-31=mysql://user:pass@127.0.0.1:3316,32-63=mysql://user:pass@127.0.0.1:3317';
const FORM = /^([0-9]{1,2})-([0-9]{1,2})=(mysql:\/\/.+)$/;

/** Problems name an entry by its place, since it may hold a password. */
export const replicaSetting = configFields
  .text(EXAMPLE)
  .transform((text, context): ShardUrl[] => {
    const replicas: ShardUrl[] = [];
    for (const [i, part] of text.split(',').entries()) {
      const entry = entryOf(part.trim());
      if (typeof entry === 'string') {
        const message = `entry ${i + 1} ${entry}. Example: ${EXAMPLE}`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      replicas.push(entry);
    }
    return replicas;
  })
  .optional();

/** What is wrong with it, in words, or what it says. */
function entryOf(part: string): ShardUrl | string {
  const [, from, to, url = ''] = FORM.exec(part) ?? [];
  if (from === undefined) return 'is not from-to=mysql://...';
  if (!URL.canParse(url) || new URL(url).hostname === '') return 'does not name a host';
  const range = { from: Number(from), to: Number(to) };
  if (range.from > range.to || range.to >= SHARDS) return `is not in 0-${SHARDS - 1}`;
  return { ...range, url };
}

/** What is wrong with where some replicas stand; undefined when nothing is. */
export function misplacedReplica(
  replicas: readonly ShardUrl[],
  shards: readonly ShardUrl[],
): string | undefined {
  const seen = new Set<string>();
  for (const [i, { from, to, url }] of replicas.entries()) {
    const among = shards.filter((range) => range.from <= to && range.to >= from);
    const primaries = new Set(among.map((range) => addressOf(range.url)));
    const entry = `entry ${i + 1}`;
    if (primaries.size > 1) return `${entry} is beside two servers of MYSQL_SHARDS: split it`;
    if (primaries.has(addressOf(url))) return `${entry} is the server of MYSQL_SHARDS itself`;
    const pair = [...primaries, addressOf(url)].join(' ');
    if (seen.has(pair)) return `${entry} was named before`;
    seen.add(pair);
  }
  return undefined;
}

function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 3306}`;
}
