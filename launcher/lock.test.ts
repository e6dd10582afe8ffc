// The lock of a home: one holder, stale ones taken over, nothing left behind.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { acquireLock, LockedError, lockHolder } from './lock.js';
import { createHome, type Home, homeAt } from './paths.js';
import { identifySelf } from './process-identity.js';

let home: Home;
beforeEach(() => {
  home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-lock-')));
  createHome(home);
});
afterEach(() => rmSync(home.dir, { recursive: true }));

test('is held by one, and free after its release', () => {
  const release = acquireLock(home, 'up');
  expect(lockHolder(home)).toMatchObject({ pid: process.pid, command: 'up' });
  expect(() => acquireLock(home, 'demo')).toThrow(LockedError);
  expect(() => acquireLock(home, 'demo')).toThrow(/another launcher \(up, pid \d+\)/);
  release();
  expect(lockHolder(home)).toBeUndefined();
  acquireLock(home, 'demo')();
});

test.each([
  ['a process that is gone', { pid: 999_999_999, startedAt: 'x', command: 'up' }],
  ['a pid that now belongs to somebody else', { ...identifySelf(), startedAt: 'x', command: 'up' }],
  ['nonsense', 'nonsense'],
])('of %s is taken over', (_, content) => {
  writeFileSync(home.lockFile, JSON.stringify(content));
  const release = acquireLock(home, 'up');
  expect(lockHolder(home)?.pid).toBe(process.pid);
  release();
});

test('leaves no files behind', () => {
  writeFileSync(home.lockFile, 'stale');
  acquireLock(home, 'up')();
  expect(existsSync(home.lockFile)).toBe(false);
  expect(readdirSync(home.dir).filter((name) => name.startsWith('lock'))).toEqual([]);
});

test('a release does not take away the lock of somebody else', () => {
  const release = acquireLock(home, 'up');
  writeFileSync(home.lockFile, JSON.stringify({ pid: 1, startedAt: 'x', command: 'up' }));
  release();
  expect(existsSync(home.lockFile)).toBe(true);
});
