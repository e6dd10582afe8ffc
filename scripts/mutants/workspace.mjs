// Private copies of the tree, in which bugs are planted. Never the working tree: somebody may be
// building it, and a run that is killed would leave its bug behind.

import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What the named tests read. Not the launcher's script nor the lock file: with them, an `npm ci` in
 * the copy would follow the link below and empty the packages of the real tree.
 */
const COPIED = ['services', 'launcher', 'gen', 'test', 'jest.config.js', 'package.json'];

const made = [];

export function makeWorkspace() {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'spillway-mutants-')));
  made.push(dir);
  for (const name of COPIED) cpSync(join(ROOT, name), join(dir, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  return {
    dir,
    /** Answers what takes the bug out again. */
    apply(edits) {
      const texts = new Map();
      for (const { file, find, replace } of edits) {
        const path = join(dir, file);
        const text = readFileSync(path, 'utf8');
        if (!texts.has(path)) texts.set(path, text);
        writeFileSync(
          path,
          text.replace(find, () => replace),
        );
      }
      return () => {
        for (const [path, text] of texts) writeFileSync(path, text);
      };
    },
  };
}

/** The link goes first, by itself, so that nothing can follow it. */
export function removeWorkspaces() {
  for (const dir of made.splice(0)) {
    unlinkSync(join(dir, 'node_modules'));
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A bug is planted at one place that the table names exactly, or not at all. */
export function editProblems(mutants) {
  return mutants.flatMap(({ name, edits }) =>
    edits.flatMap(({ file, find, replace }) => {
      const text = readText(join(ROOT, file));
      if (text === undefined) return [`${name}: there is no ${file}`];
      const places = text.split(find).length - 1;
      if (places !== 1) return [`${name}: ${file} has its text ${places} times, not once: ${find}`];
      return find === replace ? [`${name}: changes nothing`] : [];
    }),
  );
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
