// Promise: each shard is shown where its rows count, and one that nobody moves on is pointed out.
import { expect, test } from '@jest/globals';
import type { MysqlServer } from '../../services/platform/mysql/connect.js';
import type { Gate } from '../../services/platform/mysql/gate-rows.js';
import type { GateState } from '../../services/platform/mysql/shard-gate.js';
import { SHARDS } from '../../services/platform/shard.js';
import { placesOf, placesText, ranges } from './shard-list.js';

const [A, B] = [{ name: 'a:1' }, { name: 'b:2' }] as [MysqlServer, MysqlServer];

function gates(states: Record<number, [GateState, GateState]>, silentMs = 0): Gate[] {
  return Array.from({ length: SHARDS }, (_, shard) => {
    const [onA, onB] = states[shard] ?? ['OPEN', 'AWAY'];
    const gate = { shard, epoch: 1, peer: '', silentMs };
    return [
      { ...gate, server: A, state: onA },
      { ...gate, server: B, state: onB },
    ];
  }).flat();
}

test('servers with their shards, and shards on their way', () => {
  const places = placesOf(gates({ 0: ['AWAY', 'OPEN'], 5: ['OPEN', 'RECEIVING'] }));
  expect(placesText('order', places)).toBe(
    `Shards of order:
  a:1                      63 shards: 1-63
  b:2                      1 shards: 0
  shard 5 is being copied to b:2`,
  );
});

test.each<[string, [GateState, GateState], number, boolean]>([
  ['closed and silent', ['CLOSED', 'RECEIVING'], 31_000, true],
  ['without an owner and silent', ['AWAY', 'RECEIVING'], 31_000, true],
  ['closed a moment ago', ['CLOSED', 'RECEIVING'], 29_000, false],
  ['being copied for long', ['OPEN', 'RECEIVING'], 31_000, false],
])('stuck or not: %s', (_, states, silentMs, stuck) => {
  const [place] = placesOf(gates({ 0: states }, silentMs));
  expect(place?.stuckMs !== null).toBe(stuck);
});

test('runs of numbers', () => {
  expect([ranges([]), ranges([7]), ranges([0, 1, 2, 5, 7, 8])]).toEqual([
    'none',
    '7',
    '0-2, 5, 7-8',
  ]);
});
