// What is written twice must agree: Lua headers and the TypeScript that calls them, error reasons
// and the contract, documents and the files that they name. Each comparison is seen to fail first.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { deadPointers } from './tidy/doc-links.js';
import { declaredReasons, undeclaredReasons, unsentReasons } from './tidy/error-reasons.js';
import { luaProblems, type ScriptEntry } from './tidy/lua-contract.js';
import { listFiles, REPOSITORY, sourceFiles } from './tidy/source-files.js';

const FILES = sourceFiles();

describe('a Lua script and its entry in SCRIPTS', () => {
  const reserve = [
    '-- reserve.lua: takes stock for one order, at most once.',
    '-- KEYS  stock reservation',
    '-- ARGV  order_id quantity',
    '-- REPLY RESERVED | SOLD_OUT, available',
    '-- ORDER stock; every check precedes the first write.',
    '--',
    '-- KEYS in prose are prose.',
    'local stock, reservation = KEYS[1], KEYS[2]',
    "if ARGV[2] > 1 then return {'SOLD_OUT', 0} end",
    "return {'RESERVED'}",
  ].join('\n');
  const entry: ScriptEntry = {
    file: 'reserve.lua',
    keys: ['stock', 'reservation'],
    args: ['order_id', 'quantity'],
    replies: ['RESERVED', 'SOLD_OUT'],
  };
  const check = (text: string, changed: Partial<ScriptEntry> = {}) =>
    luaProblems(new Map([['reserve.lua', text]]), { reserve: { ...entry, ...changed } });

  test('agree', () => {
    expect(check(reserve)).toEqual([]);
  });

  test.each<[string, string[]]>([
    ['a swapped argument', check(reserve, { args: ['quantity', 'order_id'] })],
    ['a key too few', check(reserve, { keys: ['stock'] })],
    ['a reply nobody listed', check(reserve, { replies: ['RESERVED'] })],
    ['a reply never given', check(reserve.replace("{'RESERVED'}", 'nil'))],
    ['an argument without a name', check(`${reserve}\nlocal now = ARGV[3]`)],
    ['no order of checks', check(reserve.replace('-- ORDER', '--'))],
    ['another name', check(reserve.replace('reserve.lua', 'take.lua'))],
    ['a script not listed', luaProblems(new Map([['free.lua', reserve]]), {})],
    ['an entry without script', luaProblems(new Map(), { reserve: entry })],
  ])('%s is caught', (_what, problems) => {
    expect(problems).not.toEqual([]);
  });

  test('hold in the tree', async () => {
    const folder = 'services/inventory/infra/redis';
    const scripts = FILES.filter(({ path }) => path.startsWith(folder) && path.endsWith('.lua'));
    if (scripts.length === 0) return;
    const { SCRIPTS } = (await import(join(REPOSITORY, folder, 'scripts.ts'))) as {
      SCRIPTS: Record<string, ScriptEntry>;
    };
    const texts = new Map(scripts.map(({ path, text }) => [basename(path), text]));
    expect(luaProblems(texts, SCRIPTS)).toEqual([]);
  });
});

describe('a reason for refusing', () => {
  const declared = declaredReasons(
    readFileSync(join(REPOSITORY, 'proto/spillway/common/v1/error_reason.proto'), 'utf8'),
  );
  /** In the contract, and sent by nobody: why. */
  const RESERVED: Record<string, string> = {
    UNSPECIFIED: 'proto3 wants a zero value; it is never sent',
  };
  const speakers = ['order', 'inventory', 'payment'].map((name) => ({
    path: `services/${name}/api/a.ts`,
    text: "refuse({ reason: 'SOLD_OUT' })",
  }));

  test('outside the contract is caught', () => {
    const files = [{ path: 'services/order/api/a.ts', text: "{ reason: 'OUT_OF_LUCK' }" }];
    expect(undeclaredReasons(declared, files)).toEqual(['services/order/api/a.ts: OUT_OF_LUCK']);
    expect(undeclaredReasons(declared, speakers)).toEqual([]);
  });

  test('that nobody sends is caught', () => {
    expect(unsentReasons(['SOLD_OUT', 'GONE', 'LATER'], speakers, { LATER: '' })).toEqual(['GONE']);
  });

  test('is declared and sent, in the tree', () => {
    expect(declared).toContain('SOLD_OUT');
    expect(undeclaredReasons(declared, FILES)).toEqual([]);
    expect(unsentReasons(declared, FILES, RESERVED)).toEqual([]);
    expect(Object.keys(RESERVED).filter((reason) => !declared.includes(reason))).toEqual([]);
  });
});

describe('a document', () => {
  const paths = ['README.md', 'docs/a.md', 'services/order/main.ts'];
  const check = (text: string) => deadPointers({ path: 'docs/b.md', text }, paths, () => '# A b!');

  test.each([
    '[a](missing.md)',
    '[a](../nowhere/)',
    '[a](a.md#c)',
    '[out](../../other/README.md)',
    'see `services/order/gone.ts`',
  ])('that says %s is caught', (text) => {
    expect(check(text)).toHaveLength(1);
  });

  test.each([
    '[a](a.md)',
    '[a](a.md#a-b)',
    '[a](../services/order/)',
    '[a](https://example.org)',
    'see `order/main.ts` and `services/<name>/main.ts`',
    '```\n[a](missing.md)\n```',
  ])('that says %s is left alone', (text) => {
    expect(check(text)).toEqual([]);
  });

  test('leads somewhere, in the tree', () => {
    const all = listFiles();
    const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
    const documents = FILES.filter(({ path }) => path.endsWith('.md'));
    expect(documents.flatMap((document) => deadPointers(document, all, read))).toEqual([]);
  });
});

describe('the outbox table', () => {
  const words = (sql: string) => sql.replace(/\s+/g, ' ');
  const migrations = FILES.filter(({ path }) => path.endsWith('.sql')).filter(({ text }) =>
    text.includes('TABLE IF NOT EXISTS outbox'),
  );
  const ddl = /OUTBOX_TABLE = `([^`]+)`/.exec(
    FILES.find(({ path }) => path.endsWith('mysql/outbox-rows.ts'))?.text ?? '',
  )?.[1];

  test('is the same in every migration and in the code that uses it', () => {
    expect(migrations.length).toBeGreaterThanOrEqual(2);
    for (const { text } of migrations) expect(words(text)).toContain(words(ddl ?? 'none'));
  });
});
