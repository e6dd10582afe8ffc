// With stand-ins for apt-get and systemctl: what they are asked, in which order, and what stays
// behind.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { installPackages } from './install-packages.js';

let dir: string;
let policyFile: string;
const realPath = process.env['PATH'];

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'spillway-apt-'));
  policyFile = path.join(dir, 'policy-rc.d');
  process.env['PATH'] = `${dir}:${realPath}`;
  // Each call is noted, with what the policy says at that moment.
  const note = `sh ${policyFile} 2>/dev/null; echo "$(basename "$0") $* policy=$?" >>${dir}/calls`;
  program('apt-get', `${note}\n[ "$2" = update ] && : >${dir}/updated\n[ -e ${dir}/updated ]`);
  program('systemctl', `${note}\n[ "$1" != is-active ]`);
});
afterEach(() => {
  process.env['PATH'] = realPath;
  rmSync(dir, { recursive: true });
});

const INSTALL = 'apt-get -q install -y --no-install-recommends redis-server';

describe('installing', () => {
  test('refreshes the lists only when needed, forbids services meanwhile, and cleans up', async () => {
    await installPackages(['redis-server'], policyFile);
    expect(calls()).toEqual([
      expect.stringContaining('systemctl is-active --quiet redis-server.service'),
      `${INSTALL} policy=101`,
      'apt-get -q update policy=101',
      `${INSTALL} policy=101`,
      expect.stringContaining('systemctl disable --now redis-server.service'),
    ]);
    expect(existsSync(policyFile)).toBe(false);
  });

  test('does not stop a service that ran before, and keeps a policy that was there', async () => {
    writeFileSync(`${dir}/updated`, '');
    writeFileSync(policyFile, 'exit 0\n');
    program('systemctl', `echo "systemctl $*" >>${dir}/calls`);
    await installPackages(['redis-server'], policyFile);
    expect(calls()).toEqual([
      'systemctl is-active --quiet redis-server.service',
      `${INSTALL} policy=0`,
    ]);
    expect(readFileSync(policyFile, 'utf8')).toBe('exit 0\n');
  });

  test('a failure says what to do by hand, and leaves no policy behind', async () => {
    program('apt-get', 'echo "E: no such package" >&2; exit 100');
    const failed = installPackages(['redis-server'], policyFile);
    await expect(failed).rejects.toThrow(/E: no such package[\s\S]*apt-get install redis-server/);
    expect(existsSync(policyFile)).toBe(false);
  });
});

function program(name: string, text: string): void {
  writeFileSync(path.join(dir, name), `#!/bin/sh\n${text}\n`);
  chmodSync(path.join(dir, name), 0o755);
}

function calls(): string[] {
  return readFileSync(path.join(dir, 'calls'), 'utf8').trim().split('\n');
}
