import { describe, expect, test } from '@jest/globals';
import { type MysqlServer, ShardMap } from './connect.js';

const A = { name: 'a' } as MysqlServer;
const B = { name: 'b' } as MysqlServer;

describe('a shard map', () => {
  const map = new ShardMap([
    { from: 32, to: 63, server: B },
    { from: 0, to: 30, server: A },
    { from: 31, to: 31, server: B },
  ]);

  test('knows the server of every shard', () => {
    expect([0, 30, 31, 32, 63].map((shard) => map.serverOf(shard).name)).toEqual([
      'a',
      'a',
      'b',
      'b',
      'b',
    ]);
    expect(map.servers).toEqual([A, B]);
  });

  test('groups a batch by server, keeping its order', () => {
    const groups = map.groupByServer([40, 1, 31, 2], (shard) => shard);
    expect([...groups]).toEqual([
      [B, [40, 31]],
      [A, [1, 2]],
    ]);
  });

  test('knows the shards of every server', () => {
    const [ofA, ofB] = [map.shardsOf(A), map.shardsOf(B)];
    expect([ofA[0], ofA.at(-1), ofA.length]).toEqual([0, 30, 31]);
    expect([ofB[0], ofB.at(-1), ofB.length]).toEqual([31, 63, 33]);
  });

  test('there is no shard 64', () => {
    expect(() => map.serverOf(64)).toThrow('there is no shard 64');
  });
});

test.each([
  ['a hole', [{ from: 0, to: 62, server: A }]],
  [
    'an overlap',
    [
      { from: 0, to: 32, server: A },
      { from: 32, to: 63, server: B },
    ],
  ],
  ['a shard too many', [{ from: 0, to: 64, server: A }]],
])('%s is refused', (_, ranges) => {
  expect(() => new ShardMap(ranges)).toThrow(/shard/);
});
