// Promise: a Redis that may drop keys by itself is refused at start.
// Method: answers of INFO; a real Redis is shared, so its settings stay alone.

import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { assertNoEviction } from './connect.js';

test.each([
  ['0', 'allkeys-lru', true],
  ['1073741824', 'noeviction', true],
  ['1073741824', 'allkeys-lru', false],
  ['1073741824', 'volatile-ttl', false],
])('maxmemory %s with %s is accepted: %s', async (maxmemory, policy, accepted) => {
  const info = `# Memory\r\nmaxmemory:${maxmemory}\r\nmaxmemory_policy:${policy}\r\n`;
  const redis = { info: async () => info, options: { host: 'a', port: 6379 } };
  const answer = assertNoEviction(redis as unknown as Redis);
  if (accepted) await answer;
  else await expect(answer).rejects.toThrow(`evicts keys (${policy})`);
});
