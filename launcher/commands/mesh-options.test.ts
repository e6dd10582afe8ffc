// What is asked for on the command line, and what is refused there rather than by a server later.
import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addMeshOptions, type MeshFlags, readMeshFlags } from './mesh-options.js';

function read(...args: string[]) {
  const command = addMeshOptions(new Command('up')).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  return readMeshFlags(command.parse(args, { from: 'user' }).opts<MeshFlags>());
}

describe('the topology of Redis', () => {
  test.each([
    [[], 'SERVER'],
    [['--redis-cluster'], 'CLUSTER'],
    [['--redis-sentinel'], 'SENTINEL'],
  ])('%j', (args, redis) => {
    expect(read(...args)).toMatchObject({ redis, given: { redisUrl: undefined } });
  });

  test.each([
    'redis://127.0.0.1:6379',
    'redis+cluster://u:p@a:1,b:2',
    'redis+sentinel://a:1,b:2/gate',
  ])('%s', (url) => {
    expect(read('--redis', url).given.redisUrl).toBe(url);
  });

  test.each([
    [['--redis', 'redis+cluster://a:b'], 'The URL node 1 is not host:port.'],
    [['--redis', 'localhost'], 'The URL must be redis://host:port'],
    [['--redis-cluster', '--redis-sentinel'], 'cannot be used with'],
    [['--redis-cluster', '--redis', 'redis://a'], 'cannot be used with'],
  ])('%j is refused', (args, why) => {
    expect(() => read(...args)).toThrow(why);
  });
});
