// The files of the repository that house rules speak about: everything that git tracks or would
// track. A tree without git (an unpacked archive) is walked instead.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
}

export const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Written by machines or by others; our rules of style do not apply. */
const FOREIGN = /^(gen|third_party)\/|^package-lock\.json$|^LICENSE$/;
/** What git ignores, for a tree without git. */
const IGNORED = new Set(['.git', 'node_modules', 'dist', 'coverage', '.spillway']);
const BINARY = /\.(png|jpg|gif|ico|svg|woff2?|binpb|gz)$/;

export function sourceFiles(): SourceFile[] {
  return listFiles()
    .filter((path) => !FOREIGN.test(path) && !BINARY.test(path))
    .map((path) => ({ path, text: readFileSync(join(REPOSITORY, path), 'utf8') }));
}

export function listFiles(): string[] {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    const listed = execFileSync('git', options, {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // A tracked file that was just deleted is still listed; a submodule or link to a folder is not a file.
    return listed.split('\0').filter((path) => path !== '' && existsSync(join(REPOSITORY, path)));
  } catch {
    return walk('');
  }
}

function walk(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(path) : entry.isFile() ? [path] : [];
  });
}
