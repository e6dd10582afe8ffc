// House rules that no linter knows, each held on the whole tree and each seen to catch a planted
// violation: a guard that nobody has seen fail is decoration. The rules are in test/tidy/.

import { describe, expect, test } from '@jest/globals';
import { CODE_RULES } from './tidy/code-rules.js';
import { findings } from './tidy/rule.js';
import { sourceFiles } from './tidy/source-files.js';
import { TEXT_RULES } from './tidy/text-rules.js';

const FILES = sourceFiles();

test('the tree is read', () => {
  expect(FILES.length).toBeGreaterThan(20);
  expect(FILES.map(({ path }) => path)).toContain('package.json');
});

describe.each([...CODE_RULES, ...TEXT_RULES])('$name: $why', (rule) => {
  test('each planted violation is caught', () => {
    for (const planted of rule.planted) expect(findings(rule, [planted])).toHaveLength(1);
    expect(rule.planted.length).toBeGreaterThan(0);
  });

  test('what is lawful is left alone', () => {
    expect(findings(rule, rule.lawful)).toEqual([]);
  });

  test('the tree keeps it', () => {
    expect(findings(rule, FILES)).toEqual([]);
  });
});
