// status: what runs and where. The JSON form is a contract (launcher/mesh-status.ts).
import type { Command } from 'commander';
import { currentStatus, serverUrls } from '../mesh.js';
import { isCallable, type MeshStatus } from '../mesh-status.js';
import { stuckShards } from '../shards/stuck-shards.js';

/** As systemctl has it: "not running". */
const EXIT_DOWN = 3;

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what runs and where; exit code 3 when there is no mesh')
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway status
  ./spillway status --json | node -p 'JSON.parse(require("fs").readFileSync(0)).services.order[0]'`,
    )
    .action(async (flags: { json?: boolean }) => {
      const status = currentStatus();
      const stuck = isCallable(status) ? await stuckShards(serverUrls().mysql) : [];
      const text = [statusText(status), ...stuck.map((line) => `  ${line}\n`)].join('');
      const answer = { ...status, stuckShards: stuck };
      process.stdout.write(flags.json === true ? `${JSON.stringify(answer)}\n` : text);
      process.exitCode = isCallable(status) ? 0 : EXIT_DOWN;
    });
}

export function statusText(status: MeshStatus): string {
  const lines = [HEADLINES[status.state]];
  for (const { name, pid, address } of status.processes) {
    lines.push(`  ${name.padEnd(14)} ${address.padEnd(24)} pid ${pid}`);
  }
  for (const name of status.ended)
    lines.push(`  ${name.padEnd(14)} ended; see: ./spillway logs ${name}`);
  const [gateway] = status.services.gateway;
  if (gateway !== undefined) lines.push('', `  gateway  ${gateway}`);
  if (status.processes.length === 0 && status.redis.length > 0) {
    lines.push(`  redis ${status.redis.join(', ')}   mysql ${status.mysql.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}

const HEADLINES: Record<MeshStatus['state'], string> = {
  up: 'The mesh is up.',
  degraded: 'The mesh is up, but not all of it. Start afresh: ./spillway down && ./spillway up',
  starting: 'The mesh is being brought up.',
  leftover: 'A launcher was killed and left processes behind. End them with: ./spillway down',
  down: 'Nothing is running. Start with: ./spillway up',
};
