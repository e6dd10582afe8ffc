// Promise: whatever directory somebody names as a home, only what is ours is ever removed from it.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHome, defaultHome, homeAt, ROOT, removeHome } from './paths.js';

let dir: string;
const home = () => homeAt(dir);

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'spillway-home-'));
  createHome(home());
  writeFileSync(home().stateFile, '{}');
  writeFileSync(`${home().lockFile}.123`, '');
});

afterEach(() => {
  delete process.env['SPILLWAY_HOME'];
  rmSync(dir, { recursive: true, force: true });
});

test('a home with nothing else in it goes altogether', () => {
  removeHome(home());
  expect(existsSync(dir)).toBe(false);
});

test("somebody's files stay, and so does their directory", () => {
  const theirs = path.join(dir, 'thesis.txt');
  writeFileSync(theirs, 'years of work');
  removeHome(home());
  expect([existsSync(theirs), existsSync(home().dataDir), existsSync(home().stateFile)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("somebody's programs stay: ours are kept in the checkout", () => {
  const theirs = path.join(dir, 'bin', 'k6');
  mkdirSync(path.dirname(theirs));
  writeFileSync(theirs, 'theirs');
  removeHome(home());
  expect(existsSync(theirs)).toBe(true);
});

test('an empty SPILLWAY_HOME is none', () => {
  process.env['SPILLWAY_HOME'] = '';
  expect(defaultHome().dir).toBe(path.join(ROOT, '.spillway'));
});
