// What `bench` refuses before it starts anything, and what it makes of a result that was kept.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { sampleResult } from '../bench/sample-result.fixture.js';
import { commandLine, registerBench } from './bench.js';

async function run(...args: string[]): Promise<void> {
  const program = new Command();
  registerBench(program);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  await program.parseAsync(['node', 'spillway', 'bench', ...args]);
}

test.each([
  [['--only', 'create_order,everything'], /There are: create_order, .*, strategies, growth/],
  [['payment'], /There are: inventory, order/],
  [['--seconds', '0'], /from 1 to 600/],
  [['order', '--only', 'growth'], /--only, --docs and --from are of the whole benchmark/],
  [['inventory', '--docs'], /are of the whole benchmark/],
])('%j is refused', async (args, reason) => {
  await expect(run(...args)).rejects.toThrow(reason);
});

test('a result that was kept is shown, and kept again, without measuring', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'bench-command-'));
  const stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const [from, json] = [path.join(directory, 'a.json'), path.join(directory, 'b.json')];
    writeFileSync(from, JSON.stringify(sampleResult));
    await run('--from', from, '--json', json);
    const shown = stdout.mock.calls.map(([text]) => text).join('');
    expect(shown).toContain('an empty grpc-js call');
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(sampleResult);
  } finally {
    stdout.mockRestore();
    rmSync(directory, { recursive: true });
  }
});

test('the command that is told is what was measured, not where the result went', () => {
  const args = ['bench', '--json', 'my/result.json', '--rounds', '5', '--docs', '--growth'];
  expect(commandLine(args)).toBe('./spillway bench --rounds 5 --growth');
});
