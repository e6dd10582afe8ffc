// ./spillway: every command of the project. Each command is one file that registers itself here.
import { Command } from 'commander';
import { registerAudit } from './audit/audit.js';
import { registerBench } from './commands/bench.js';
import { registerChaos } from './commands/chaos.js';
import { registerDown } from './commands/down.js';
import { registerLoad } from './commands/load.js';
import { registerLogs } from './commands/logs.js';
import { registerReconcile } from './commands/reconcile.js';
import { registerShard } from './commands/shard.js';
import { registerStatus } from './commands/status.js';
import { registerTest } from './commands/test.js';
import { registerTrace } from './commands/trace.js';
import { registerUp } from './commands/up.js';
import { registerWithServers } from './commands/with-servers.js';
import { registerDemo } from './demo/demo.js';
import { Interrupted } from './interrupt.js';

const program = new Command('spillway')
  .usage('<command> [options]')
  .description('Sells out a flash sale over gRPC without overselling, losing or leaking a unit.')
  .enablePositionalOptions()
  .showHelpAfterError('Help: ./spillway help')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Examples:
  ./spillway demo           from nothing to a sold-out sale and its audit
  ./spillway up             the mesh in this terminal, until Ctrl-C
  ./spillway up --detach    the same in the background
  ./spillway help up        more on one command

Everything private lives in .spillway/ and is gone after: ./spillway down --wipe`,
  );

registerDemo(program);
registerUp(program);
registerDown(program);
registerStatus(program);
registerLogs(program);
registerTrace(program);
registerAudit(program);
registerBench(program);
registerChaos(program);
registerLoad(program);
registerReconcile(program);
registerShard(program);
registerTest(program);
registerWithServers(program);

try {
  await program.parseAsync();
} catch (e) {
  if (e instanceof Interrupted) {
    process.exitCode = e.exitCode;
  } else {
    process.stderr.write(`\nspillway: ${(e as Error).message}\n`);
    process.exitCode = 1;
  }
}
// Channels and probes that are still closing must not keep the command waiting.
process.exit();
