// Promise: a store that turns unsafe stops new reservations until it is right again, and one that
// does not answer changes nothing.

import { expect, test } from '@jest/globals';
import { createLog } from '../../platform/log.js';
import { ServingGuard } from './serving-guard.js';

const log = createLog({ service: 'test', level: 'silent' });

const ANSWERS = {
  right: () => Promise.resolve(undefined),
  lazy: () => Promise.resolve('SET GLOBAL sync_binlog = 1'),
  gone: () => Promise.reject(new Error('connect ECONNREFUSED')),
};
type Answer = keyof typeof ANSWERS;

// What the two servers answer at each look; whether it is safe afterwards; what was told.
test.each`
  looks                        | safe              | told
  ${'right right'}             | ${[true]}         | ${[]}
  ${'right lazy'}              | ${[false]}        | ${[false]}
  ${'lazy right, right right'} | ${[false, true]}  | ${[false, true]}
  ${'lazy right, lazy right'}  | ${[false, false]} | ${[false]}
  ${'lazy lazy, right lazy'}   | ${[false, false]} | ${[false]}
  ${'gone right, gone gone'}   | ${[true, true]}   | ${[]}
  ${'lazy right, gone right'}  | ${[false, false]} | ${[false]}
`('$looks: safe $safe', async (given) => {
  const { looks, safe, told } = given as { looks: string; safe: boolean[]; told: boolean[] };
  const heard: boolean[] = [];
  let now: readonly string[] = [];
  const checks = () =>
    now.map((answer, i) => ({ name: `server ${i}`, problem: ANSWERS[answer as Answer] }));
  const guard = new ServingGuard({ checks, onChange: (one) => heard.push(one), log });
  const seen: boolean[] = [];
  for (const look of looks.split(', ')) {
    now = look.split(' ');
    await guard.look();
    seen.push(guard.safe);
  }
  expect([seen, heard]).toEqual([safe, told]);
});

test('a server that is asked no more objects no more', async () => {
  let master: Answer = 'lazy';
  const checks = () => [{ name: `master that is ${master}`, problem: ANSWERS[master] }];
  const guard = new ServingGuard({ checks, onChange: () => {}, log });
  await guard.look();
  expect(guard.safe).toBe(false);
  master = 'right';
  await guard.look();
  expect(guard.safe).toBe(true);
});
