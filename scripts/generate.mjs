// Writes gen/ anew from proto/ and third_party/. With --check it writes to a temporary folder
// instead, says which files differ from gen/, and exits 1 if any does: gen/ itself is not touched.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

process.exitCode = process.argv.includes('--check') ? check() : generate('.');

function check() {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-generate-'));
  try {
    if (generate(directory) !== 0) return 1;
    const differing = differences(join(ROOT, 'gen'), join(directory, 'gen'));
    for (const difference of differing) console.error(difference);
    if (differing.length > 0) console.error('Run `npm run generate` and commit the result.');
    return differing.length > 0 ? 1 : 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Generates into `<output>/gen`. buf finds its plugin, protoc-gen-es, by PATH. */
function generate(output) {
  const bin = join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  try {
    execFileSync('buf', ['generate', '-o', output], { cwd: ROOT, env, stdio: 'inherit' });
    return 0;
  } catch (error) {
    // buf has said why, unless it could not be started at all.
    if (error.status === undefined || error.status === null) console.error(error.message);
    return 1;
  }
}

function differences(committed, fresh) {
  const names = new Set([...filesUnder(committed), ...filesUnder(fresh)]);
  return [...names].sort().flatMap((name) => {
    const [before, after] = [join(committed, name), join(fresh, name)];
    if (!existsSync(after)) return [`gen/${name}: generated from no proto file`];
    if (!existsSync(before)) return [`gen/${name}: missing`];
    return readFileSync(before).equals(readFileSync(after)) ? [] : [`gen/${name}: out of date`];
  });
}

function filesUnder(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(directory.length + 1));
}
