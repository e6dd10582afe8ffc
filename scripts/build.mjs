// Builds dist/: compiles TypeScript, copies the files that are read at run time (Lua, SQL, pages)
// beside the output, and removes output whose source is gone, so that dist/ never holds what the
// tree does not.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const DIST = path.join(ROOT, 'dist');
const SOURCES = ['gen', 'services', 'launcher', 'loadtest'];
const COPIED = ['.lua', '.sql', '.html', '.svg'];

removeStale();
copyAssets();
compile();

function removeStale() {
  for (const folder of SOURCES) {
    for (const file of filesBelow(path.join(DIST, folder))) {
      const source = sourceOf(path.relative(DIST, file));
      if (source !== undefined && !existsSync(path.join(ROOT, source))) rmSync(file);
    }
  }
}

/** The source of a file in dist/; undefined for files that are not ours to judge. */
function sourceOf(output) {
  if (COPIED.includes(path.extname(output))) return output;
  return /\.js(\.map)?$/.test(output) ? output.replace(/\.js(\.map)?$/, '.ts') : undefined;
}

function copyAssets() {
  for (const folder of SOURCES) {
    for (const file of filesBelow(path.join(ROOT, folder))) {
      if (!COPIED.includes(path.extname(file))) continue;
      const target = path.join(DIST, path.relative(ROOT, file));
      mkdirSync(path.dirname(target), { recursive: true });
      copyFileSync(file, target);
    }
  }
}

function compile() {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
      cwd: ROOT,
      stdio: 'inherit',
    });
  } catch {
    process.exitCode = 1;
  }
}

function filesBelow(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true })
    .map((name) => path.join(dir, name))
    .filter((file) => statSync(file).isFile());
}
