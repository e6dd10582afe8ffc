// What stands in the documents and charts, and that nothing else of them is touched.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ROOT } from '../../paths.js';
import type { WholeBenchResult } from '../bench-result.js';
import { sampleResult } from '../sample-result.fixture.js';
import { replaceBetween, writeDocs } from './write-docs.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'bench-docs-'));
  mkdirSync(path.join(root, 'docs'));
  for (const name of ['benchmarks.md', 'capacity.md']) {
    writeFileSync(path.join(root, 'docs', name), readFileSync(path.join(ROOT, 'docs', name)));
  }
});

afterEach(() => rmSync(root, { recursive: true }));

const read = (...name: string[]) => readFileSync(path.join(root, 'docs', ...name), 'utf8');

test('writes the tables, the plan and a chart of each kind', () => {
  expect(writeDocs(sampleResult, root)).toHaveLength(5);
  const tables = read('benchmarks.md');
  expect(tables).toMatch(/^# Benchmarks/);
  expect(tables).toContain('Command: `./spillway bench` (3 rounds of 2 s each)');
  expect(tables).toContain('| an empty grpc-js call | 20,000 | 50 (49 to 52) | 1.00 |');
  expect(tables).toContain(
    '| ordered: reserved, stored, payable | 8,000 | 150 (149 to 151) | 3.00 | 20.0 | 60.0 | ',
  );
  expect(tables).toContain(
    '| check, then update (no protection) | 100 | 1,000 | 100 % | 90.0 | 200.0 | 50 | 97.00 % |',
  );
  expect(tables).toContain('| service processes | 6 | 8,000 | 180 (179 to 181) | 3.60 |');
  expect(read('capacity.md')).toContain('## Formulas');
  expect(readdirSync(path.join(root, 'docs', 'charts')).sort()).toEqual([
    'cost.svg',
    'growth.svg',
    'strategies.svg',
  ]);
});

test('charts are in both colours, say every number, and are well-formed', () => {
  writeDocs(sampleResult, root);
  const cost = read('charts', 'cost.svg');
  expect(cost).toContain('prefers-color-scheme: dark');
  expect(cost).toContain('150 µs (3.00 x)');
  expect(cost).not.toContain('nothing in batches');
  const strategies = read('charts', 'strategies.svg');
  expect(strategies).toContain('1,000, 50 oversold');
  expect(strategies).not.toMatch(/&(?!amp;|lt;|gt;)/);
  // The longest bar is as wide as there is room for.
  const widths = [...strategies.matchAll(/<rect x[^>]* width="([\d.]+)"/g)].map((m) =>
    Number(m[1]),
  );
  expect(widths).toEqual([56.3, 450]);
});

test('what people wrote stays, and writing twice changes nothing', () => {
  const before = read('benchmarks.md').split('<!-- bench')[0];
  writeDocs(sampleResult, root);
  const once = read('benchmarks.md');
  writeDocs(sampleResult, root);
  expect(read('benchmarks.md')).toBe(once);
  expect(once.split('<!-- bench')[0]).toBe(before);
});

test('a result of some parts leaves the plan as it was and says so', () => {
  const { machine, versions, options, create_order } = sampleResult;
  const some = { machine, versions, options, create_order } as WholeBenchResult;
  const before = read('capacity.md');
  expect(writeDocs(some, root).at(-1)).toMatch(/^Not written: .*paid_order/);
  expect(read('capacity.md')).toBe(before);
});

test('a document without its place is not guessed at', () => {
  expect(() => replaceBetween('# Benchmarks', 'text')).toThrow(/no place between/);
});
