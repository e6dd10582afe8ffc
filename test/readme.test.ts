// Promise: what the documents tell a person to type exists.
// Method: every `./spillway` command and option in them is looked for where commands are registered.

import { expect, test } from '@jest/globals';
import { sourceFiles } from './tidy/source-files.js';

const FILES = sourceFiles();
const LAUNCHER = FILES.filter(({ path }) => /^launcher\/.*(?<!\.test)\.ts$/.test(path));

const commands = new Map(
  LAUNCHER.flatMap(({ text }) => {
    const name = /\.command\('(\w[\w-]*)/.exec(text)?.[1];
    return name === undefined ? [] : [[name, text] as const];
  }),
);
const everyOption = LAUNCHER.map(({ text }) => text).join('\n');

/** `./spillway up --detach` in whatever document: its command and its options. */
function callsIn(text: string): { command: string; options: string[] }[] {
  return [...text.matchAll(/\.\/spillway ([a-z-]+)((?: +[^\s`|,;#)]+)*)/g)].map((match) => ({
    command: match[1] ?? '',
    options: [...(match[2] ?? '').matchAll(/--[a-z-]+/g)].map(([option]) => option),
  }));
}

function unknownIn(text: string): string[] {
  return callsIn(text).flatMap(({ command, options }) => [
    ...(commands.has(command) || command === 'help' ? [] : [command]),
    ...options.filter((option) => !new RegExp(`${option}(?![\\w-])`).test(everyOption)),
  ]);
}

test('a command or an option that does not exist is caught', () => {
  expect(unknownIn('run `./spillway explode --sky-high`')).toEqual(['explode', '--sky-high']);
});

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/failure-modes.md'])(
  '%s tells people to type what there is',
  (path) => {
    const text = FILES.find((file) => file.path === path)?.text ?? '';
    expect(text).not.toBe('');
    expect(unknownIn(text)).toEqual([]);
  },
);
