// Promise: whatever a dead mover left, the next one goes on from it, and nobody takes a shard that is on
// its way elsewhere.

import { expect, test } from '@jest/globals';
import type { MysqlServer } from './connect.js';
import type { Gate } from './gate-rows.js';
import { nextMoveStep } from './next-move-step.js';
import type { GateState } from './shard-gate.js';

const servers = { a: { name: 'a' }, b: { name: 'b' }, c: { name: 'c' } } as unknown as Record<
  string,
  MysqlServer
>;

/** `a OPEN`, or `a CLOSED b` with its peer. */
function gatesOf(text: string): Gate[] {
  return text.split(', ').map((one, i) => {
    const [name = '', state, peer = ''] = one.split(' ');
    const server = servers[name] as MysqlServer;
    return { server, shard: 7, state: state as GateState, epoch: i + 1, peer, silentMs: 0 };
  });
}

test.each([
  ['nothing has begun', 'a OPEN, b AWAY', 'COPY a b'],
  ['a copy was begun', 'a OPEN, b RECEIVING a', 'COPY a b'],
  ['the source is closed', 'a CLOSED b, b RECEIVING a', 'SETTLE a b'],
  ['nobody owns it', 'a AWAY b, b RECEIVING a', 'OPEN a b'],
  ['the target owns it', 'a AWAY b, b OPEN', 'CLEAN b'],
  ['a third server had it once', 'c AWAY b, a AWAY b, b RECEIVING a', 'OPEN a b'],
  ['a copy to a third server was begun', 'a OPEN, b AWAY, c RECEIVING a', 'REFUSED c'],
  ['it is closed on its way to a third', 'a CLOSED c, b AWAY, c RECEIVING a', 'REFUSED c'],
  ['it has left for a third', 'a AWAY c, b RECEIVING a, c RECEIVING a', 'REFUSED c'],
  ['the target loses it to another', 'b CLOSED a, a RECEIVING b', 'REFUSED a'],
  ['the target has no gate', 'a OPEN', 'REFUSED b'],
])('%s: %s', (_, gates, wanted) => {
  const next = nextMoveStep(gatesOf(gates), 'b');
  if (next.step === 'REFUSED') {
    const [step, peer] = wanted.split(' ');
    expect([next.step, next.reason]).toEqual([step, expect.stringContaining(`${peer}`)]);
    return;
  }
  const source = 'source' in next ? `${next.source.server.name} ` : '';
  expect(`${next.step} ${source}${next.target.server.name}`).toBe(wanted);
});
