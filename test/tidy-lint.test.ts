// What the linter is trusted with: one planted violation per rule that the house relies on, seen to
// be caught with the repository's own .oxlintrc.json. `npm run check` runs it on the real tree, in
// its step "lint".

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PlantedTree, plantTree } from './tidy/planted-tree.js';

const body = (lines: number) => Array.from({ length: lines }, (_, i) => `  void ${i};`).join('\n');

/** [what is planted, file, text, the rule that must speak] */
const PLANTED: [string, string, string, string][] = [
  [
    'a promise nobody waits for',
    'services/order/app/floating.ts',
    'export async function work() {}\nexport function start() {\n  work();\n}',
    'typescript(no-floating-promises)',
  ],
  [
    'a promise taken for a yes',
    'services/order/app/misused.ts',
    'async function known() {\n  return false;\n}\nexport const word = () => (known() ? "a" : "b");',
    'typescript(no-misused-promises)',
  ],
  [
    'an outcome without an answer',
    'services/order/app/unanswered.ts',
    "export function word(outcome: 'SOLD' | 'SOLD_OUT') {\n" +
      "  switch (outcome) {\n    case 'SOLD':\n      return 1;\n  }\n  return 0;\n}",
    'typescript(switch-exhaustiveness-check)',
  ],
  [
    'any',
    'services/order/app/any.ts',
    'export const loose = (value: any) => value;',
    'typescript(no-explicit-any)',
  ],
  [
    'half of a cycle',
    'services/order/app/half.ts',
    "import { other } from './other.js';\nexport const half = () => other();",
    'import(no-cycle)',
  ],
  [
    'the other half of it',
    'services/order/app/other.ts',
    "import { half } from './half.js';\nexport const other = (): unknown => half();",
    'import(no-cycle)',
  ],
  [
    'a default export',
    'services/order/app/default.ts',
    'export default 1;',
    'import(no-default-export)',
  ],
  [
    'a service that prints',
    'services/order/app/prints.ts',
    "console.log('sold');",
    'eslint(no-console)',
  ],
  [
    'the environment outside config.ts',
    'services/order/main.ts',
    'export const level = process.env.LOG_LEVEL;',
    'node(no-process-env)',
  ],
  [
    'a file of 251 lines',
    'services/order/app/long.ts',
    '// line\n'.repeat(251),
    'eslint(max-lines)',
  ],
  [
    'a function of 60 lines',
    'services/order/app/wide.ts',
    `export function wide() {\n${body(58)}\n}`,
    '',
  ],
  [
    'a function of 61 lines',
    'services/order/app/wider.ts',
    `export function wider() {\n${body(59)}\n}`,
    'eslint(max-lines-per-function)',
  ],
  [
    'a skipped test',
    'services/order/app/skipped.test.ts',
    "import { test } from '@jest/globals';\ntest.skip('later', () => {});",
    'jest(no-disabled-tests)',
  ],
  [
    'a test that silences the others',
    'services/order/app/focused.test.ts',
    "import { test } from '@jest/globals';\ntest.only('mine', () => {});",
    'jest(no-focused-tests)',
  ],
  [
    'the environment in config.ts',
    'services/order/config.ts',
    'export const level = process.env.LOG_LEVEL;',
    '',
  ],
  ['the launcher, which talks to people', 'launcher/main.ts', 'console.log(process.env.HOME);', ''],
];

let tree: PlantedTree;
let found: { file: string; rule: string }[];

beforeAll(async () => {
  tree = await plantTree(Object.fromEntries(PLANTED.map(([, file, text]) => [file, `${text}\n`])));
  const options = ['--type-aware', '--format', 'json', 'services', 'launcher'];
  const { diagnostics } = JSON.parse(await tree.run('oxlint', ...options)) as {
    diagnostics: { filename: string; code: string }[];
  };
  found = diagnostics.map(({ filename, code }) => ({ file: filename, rule: code }));
}, 60_000);

afterAll(() => tree.remove());

describe('the linter', () => {
  test.each(PLANTED)('meets %s in %s', (_what, file, _text, rule) => {
    const rules = found.filter((finding) => finding.file === file).map((finding) => finding.rule);
    if (rule === '') expect(rules).toEqual([]);
    else expect(rules).toContain(rule);
  });
});
