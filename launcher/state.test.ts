// state.json: what is forgiven in it, and what is not.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHome, type Home, homeAt } from './paths.js';
import { emptyState, parseState, readState, removeState, writeState } from './state.js';

const self = { pid: 7, startedAt: 'boot:1' };

describe('parsing', () => {
  test('what an older or half-way version left out has a default', () => {
    const text = JSON.stringify({ phase: 'UP', supervisor: null, processes: [] });
    expect(parseState(text)).toEqual({ ...emptyState(null), phase: 'UP' });
  });

  test.each([
    ['no processes', { phase: 'UP', supervisor: null }],
    ['a pid that is none', { phase: 'UP', supervisor: null, processes: [{ name: 'x', pid: -1 }] }],
    ['an unknown phase', { phase: 'ASLEEP', supervisor: null, processes: [] }],
  ])('refuses %s', (_, value) => {
    expect(() => parseState(JSON.stringify(value))).toThrow();
  });
});

describe('the file', () => {
  let home: Home;
  beforeEach(() => {
    home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-state-')));
    createHome(home);
  });
  afterEach(() => rmSync(home.dir, { recursive: true }));

  test('is read back as written, by its owner alone', () => {
    const state = { ...emptyState(self), mysqlUrls: ['mysql://spillway:secret@127.0.0.1:1'] };
    writeState(home, state);
    expect(readState(home)).toEqual(state);
    expect(statSync(home.stateFile).mode & 0o077).toBe(0);
  });

  test('none means no mesh', () => {
    expect(readState(home)).toBeUndefined();
    writeState(home, emptyState(self));
    removeState(home);
    expect(readState(home)).toBeUndefined();
  });

  test('one that cannot be understood is an error that says what to do, never "no mesh"', () => {
    writeFileSync(home.stateFile, '{"phase":');
    expect(() => readState(home)).toThrow(/end those by hand, then remove the file/);
  });
});
