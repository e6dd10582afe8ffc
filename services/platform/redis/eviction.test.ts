// Promise: a Redis that may drop keys by itself is refused at start, wherever in a cluster it is.
// Method: answers of INFO; a real Redis is shared, so its settings stay alone.

import { expect, test } from '@jest/globals';
import { Cluster, type Redis } from 'ioredis';
import { assertNoEviction } from './eviction.js';

test.each([
  ['noeviction', true],
  ['allkeys-lru', false],
  ['volatile-ttl', false],
  // A server that does not say so may do anything.
  [undefined, false],
])('%s is accepted: %s', async (policy, accepted) => {
  const answer = assertNoEviction(server('a', policy));
  if (accepted) await answer;
  else await expect(answer).rejects.toThrow(`Redis at a:6379 may evict keys`);
});

test('one master of a cluster is enough, and every such master is named', async () => {
  const policies = { a: 'noeviction', b: 'allkeys-lru', c: 'volatile-lfu' };
  const cluster = Object.create(Cluster.prototype) as Cluster;
  cluster.nodes = () => Object.entries(policies).map(([host, policy]) => server(host, policy));
  await expect(assertNoEviction(cluster)).rejects.toThrow(
    /^Redis at b:6379 .*allkeys-lru.*CONFIG SET.*\nRedis at c:6379 .*volatile-lfu/,
  );
});

function server(host: string, policy: string | undefined): Redis {
  const line = policy === undefined ? '' : `maxmemory_policy:${policy}\r\n`;
  const redis = { info: async () => `# Memory\r\nmaxmemory:0\r\n${line}` };
  return { ...redis, options: { host, port: 6379 } } as unknown as Redis;
}
