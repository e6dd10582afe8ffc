// The contract as k6 reads it: file descriptor sets, built from proto/ by buf for each command, so
// that a script can never speak an older contract than the mesh.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../paths.js';

const execFileAsync = promisify(execFile);

const SERVICES = {
  order: 'spillway.order.v1.OrderService',
  inventory: 'spillway.inventory.v1.InventoryService',
  payment: 'spillway.payment.v1.PaymentService',
};

/** Details of errors: with a detail of a type that it does not know, k6 drops the whole error. */
const ERRORS = 'google.rpc';

/** It takes half a second. */
const BUILD_MS_MAX = 60_000;

/** One file per service, named after it: every virtual user parses what it is given. */
export async function buildProtosets(dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await Promise.all(Object.entries(SERVICES).map(([name, type]) => build(dir, name, type)));
  return dir;
}

async function build(dir: string, name: string, type: string): Promise<void> {
  const buf = path.join(ROOT, 'node_modules', '.bin', 'buf');
  // Comments would be most of it.
  const output = ['--exclude-source-info', '-o', path.join(dir, `${name}.binpb`)];
  await execFileAsync(buf, ['build', '--type', type, '--type', ERRORS, ...output], {
    cwd: ROOT,
    timeout: BUILD_MS_MAX,
  });
}
