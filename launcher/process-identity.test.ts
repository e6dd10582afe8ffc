// Telling a process from a stranger that has its pid.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { identify, identifySelf, lives, parseProcStat, parsePs } from './process-identity.js';

const stat = (name: string, state: string) =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 10 1`;

describe('what /proc and ps tell', () => {
  test.each([
    ['an ordinary process', stat('node', 'S'), '987654'],
    ['a name with spaces and brackets', stat('my (odd) name) S 1', 'S'), '987654'],
    ['a zombie is gone', stat('node', 'Z'), undefined],
    ['a dead one is gone', stat('node', 'X'), undefined],
    ['nonsense', 'nonsense', undefined],
  ])('/proc stat: %s', (_, text, start) => {
    expect(parseProcStat(text)).toBe(start);
  });

  test.each([
    ['an ordinary process', 'Ss   Fri Nov 20 10:42:01 2026\n', 'Fri Nov 20 10:42:01 2026'],
    ['a zombie is gone', 'Z    Fri Nov 20 10:42:01 2026\n', undefined],
    ['nothing', '', undefined],
  ])('ps: %s', (_, text, start) => {
    expect(parsePs(text)).toBe(start);
  });
});

describe('who lives', () => {
  test('I do, under my own start time', () => {
    expect(lives(identifySelf())).toBe(true);
  });

  test('a process with my pid that started at another time is a stranger', () => {
    expect(lives({ ...identifySelf(), startedAt: 'another' })).toBe(false);
  });

  test('an ended child is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    const identity = identify(child.pid ?? 0);
    expect(identity && lives(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(identity && lives(identity)).toBe(false);
  });
});
