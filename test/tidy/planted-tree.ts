// A throw-away source tree with violations planted in it, so that a rule can be seen to catch them.
// The tree lies outside the repository (no other check meets the violations) and borrows its
// configuration and packages, so what is tested is the very rule that the check runs.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from './source-files.js';

const CONFIGS = ['package.json', 'tsconfig.json', '.oxlintrc.json', '.dependency-cruiser.cjs'];
/** A tool takes one to three seconds; ten times that means that it hangs. */
const TOOL_MS_MAX = 60_000;

export interface PlantedTree {
  /** Runs a tool of node_modules/.bin in the tree; resolves to what it printed, whatever its exit. */
  run(tool: string, ...options: string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function plantTree(files: Record<string, string>): Promise<PlantedTree> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-tidy-'));
  const bin = join(REPOSITORY, 'node_modules');
  await symlink(bin, join(directory, 'node_modules'));
  for (const name of CONFIGS) await copyFile(join(REPOSITORY, name), join(directory, name));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return {
    run: (tool, ...options) => runTool(join(bin, '.bin', tool), options, directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function runTool(file: string, options: string[], cwd: string): Promise<string> {
  const limits = { cwd, timeout: TOOL_MS_MAX, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    execFile(file, options, limits, (error, stdout, stderr) => {
      // Exit codes are small numbers and mean "found something"; a word or a signal means "never ran".
      if (error && typeof error.code !== 'number') reject(error);
      else resolve(stdout || stderr);
    });
  });
}
