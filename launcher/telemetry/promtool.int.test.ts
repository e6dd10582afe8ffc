// The rules as Prometheus reads them: every alert fires in its story and is silent in the other. Then
// the same stories against rules that were spoilt: each alert must be noticed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ROOT } from '../paths.js';
import { ALERTS, rulesFile, ruleTestsFile } from './alert-files.js';
import { findPromtool, runPromtool } from './promtool.js';

/** A package of 60 MB and its index, over a slow line. */
const INSTALL_MS_MAX = 10 * 60_000;
/** A run takes two seconds, on a busy machine longer. */
const RUN_MS_MAX = 90_000;

const RULES = path.join(ROOT, 'deploy', 'prometheus');
const dir = mkdtempSync(path.join(tmpdir(), 'spillway-rules-'));
let promtool = '';

jest.setTimeout(RUN_MS_MAX);

beforeAll(async () => {
  promtool = await findPromtool();
}, INSTALL_MS_MAX);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('Prometheus understands the rules', async () => {
  const { ok, output } = await runPromtool(promtool, [
    'check',
    'rules',
    path.join(RULES, 'rules.yml'),
  ]);
  expect(output).toContain(`${ALERTS.length} rules found`);
  expect(ok).toBe(true);
});

test('every alert fires in its story and is silent in the other', async () => {
  const args = ['test', 'rules', path.join(RULES, 'rules.test.yml')];
  const { ok, output } = await runPromtool(promtool, args);
  expect(output).toContain('SUCCESS');
  expect(ok).toBe(true);
});

/** The alerts whose stories fail against rules with other conditions. */
async function failingWith(condition: (expr: string) => string): Promise<string[]> {
  const rules = ALERTS.reduce(
    (text, { expr }) => text.replace(JSON.stringify(expr), JSON.stringify(condition(expr))),
    rulesFile(),
  );
  writeFileSync(path.join(dir, 'rules.yml'), rules);
  writeFileSync(path.join(dir, 'rules.test.yml'), ruleTestsFile());
  const { output } = await runPromtool(promtool, [
    'test',
    'rules',
    path.join(dir, 'rules.test.yml'),
  ]);
  return ALERTS.map(({ name }) => name).filter((name) => output.includes(`alertname: ${name},`));
}

test.each<[string, (expr: string) => string]>([
  ['never fire', (expr) => `(${expr}) and vector(0) > 1`],
  ['always fire', () => 'vector(1) > 0'],
])('alerts that %s are noticed, each of them', async (_, condition) => {
  expect(await failingWith(condition)).toEqual(ALERTS.map(({ name }) => name));
});

test('without it the error says where to get it', async () => {
  await expect(findPromtool('')).rejects.toThrow(/promtool is missing/);
});
