// House rules on every file that git tracks, whatever its kind.

import { inText, type Rule } from './rule.js';
import { REPOSITORY } from './source-files.js';

/** These rules quote what they forbid. */
const THEMSELVES = /^test\/tidy\//;
/** A clone right below the root, as in a container, has a path that could be anybody's. */
const DEEP = REPOSITORY.split('/').length > 2;

export const TEXT_RULES: Rule[] = [
  {
    name: 'nothing is left for later',
    why: 'an intention in a comment has no owner; an issue has',
    files: /./,
    except: THEMSELVES,
    finds: inText(/\b(TODO|FIXME|XXX|HACK)\b/),
    planted: [{ path: 'services/order/app/a.ts', text: '// TODO: check the amount' }],
    lawful: [{ path: 'services/order/app/a.ts', text: 'const todos = [];' }],
  },
  {
    name: 'no test is switched off or alone',
    why: 'a skipped test is a promise nobody holds',
    files: /\.(ts|mjs)$/,
    except: /^test\/tidy/,
    finds: inText(
      /\b(it|test|describe)(\.concurrent)?\.(skip|only|todo)\b|^\s*(xit|fit|xtest|xdescribe|fdescribe)\(/,
    ),
    planted: [
      { path: 'a.test.ts', text: "it.skip('later', () => {});" },
      { path: 'b.test.ts', text: "describe.only('mine', () => {});" },
    ],
    lawful: [{ path: 'a.test.ts', text: "test.each(rows)('%s', (row) => check(row));" }],
  },
  {
    name: 'no file knows the machine it was written on',
    why: 'a path of one computer is wrong on every other',
    files: /./,
    except: THEMSELVES,
    finds: inText(machinePath()),
    planted: [
      { path: 'docs/a.md', text: 'Run it in /home/alice/spillway.' },
      { path: 'docs/a.md', text: 'see file:///Users/alice/notes' },
      ...(DEEP ? [{ path: 'scripts/a.mjs', text: `const root = '${REPOSITORY}';` }] : []),
    ],
    lawful: [
      { path: 'docs/a.md', text: 'GET http://example.org/home/page and ./work/in and /tmp/x' },
      { path: 'docs/a.md', text: 'const root = new URL(".", import.meta.url);' },
    ],
  },
  {
    name: 'no file names a package registry',
    why: 'where packages come from is the business of whoever installs them',
    files: /./,
    except: THEMSELVES,
    finds: inText(
      /\bregistry\.(npmjs|yarnpkg)\b|\bregistry\s*=\s*http|"resolved":\s*"http|artifactory/i,
    ),
    planted: [
      { path: '.npmrc', text: 'registry=https://packages.example.org/npm/' },
      { path: 'docs/a.md', text: ['from https://registry', 'npmjs.org/x'].join('.') },
    ],
    lawful: [{ path: '.npmrc', text: 'omit-lockfile-registry-resolved=true' }],
  },
  {
    name: 'lines end at 120 characters',
    why: 'the formatter breaks code at 100; comments, strings and other languages get a little more',
    files: /\.(ts|mjs|cjs|lua|sql|proto|sh)$/,
    finds: ({ text }) =>
      text
        .split('\n')
        .flatMap((line, i) => (line.length > 120 && !/https?:/.test(line) ? [i + 1] : [])),
    planted: [{ path: 'services/order/a.ts', text: `// ${'word '.repeat(24)}` }],
    lawful: [{ path: 'services/order/a.ts', text: `// ${'word '.repeat(23)}` }],
  },
  {
    name: 'a Lua script fits on two screens',
    why: 'it runs while nothing else can; one verb, no includes, 120 lines',
    files: /\.lua$/,
    finds: ({ text }) => (text.trimEnd().split('\n').length > 120 ? [121] : []),
    planted: [{ path: 'services/inventory/a.lua', text: 'local a\n'.repeat(121) }],
    lawful: [{ path: 'services/inventory/a.lua', text: 'local a\n'.repeat(120) }],
  },
  {
    name: 'lines carry nothing after their end',
    why: 'a diff shows changes, not spaces',
    files: /\.(ts|mjs|cjs|lua|sql|proto|sh|yaml|yml|json)$/,
    finds: inText(/[ \t\r]$/),
    planted: [{ path: 'a.sql', text: 'SELECT 1 \nFROM x' }],
    lawful: [{ path: 'a.sql', text: 'SELECT 1\n' }],
  },
];

/** A home or workspace folder, or the very folder that this clone lies in. */
function machinePath(): RegExp {
  const folders = ['/(home|Users|root|workspace|work|mnt|media)/\\w', '[A-Z]:\\\\\\\\?Users'];
  const clone = REPOSITORY.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (DEEP) folders.push(`${clone}\\b`);
  return new RegExp(`(^|file://|[^\\w./-])(${folders.join('|')})`);
}
