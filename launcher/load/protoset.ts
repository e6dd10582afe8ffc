// The contract as k6 reads it: a file descriptor set, built from proto/ by buf for each command, so that a
// script can never speak an older contract than the mesh.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../paths.js';

const execFileAsync = promisify(execFile);

/** It takes half a second. */
const BUILD_MS_MAX = 60_000;

export async function buildProtoset(dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, 'spillway.binpb');
  const buf = path.join(ROOT, 'node_modules', '.bin', 'buf');
  // Comments are most of its size, and every virtual user parses it.
  const args = ['build', '--exclude-source-info', '-o', file];
  await execFileAsync(buf, args, { cwd: ROOT, timeout: BUILD_MS_MAX });
  return file;
}
