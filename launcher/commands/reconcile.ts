// reconcile: compares our books with those of others outside. Exit code 1 while anything differs.
import type { Command } from 'commander';
import { paintFor } from '../audit/paint.js';
import { currentStatus, serverUrls } from '../mesh.js';
import { renderReconcile } from '../reconcile/render-reconcile.js';
import { runReconcile } from '../reconcile/run-reconcile.js';

interface Flags {
  repair?: true;
  json?: true;
  statement?: string;
  provider: string;
  databasePrefix: string;
}

export function registerReconcile(program: Command): void {
  const reconcile = program
    .command('reconcile')
    .description("compare our books with a provider's statement");
  reconcile
    .command('payments')
    .description('every charge and refund, both ways, each difference with its cause')
    .option('--repair', 'ask the provider again about what that can repair')
    .option('--statement <file or url>', "the statement as CSV; else the sandbox's own")
    .option('--provider <name>', 'whose statement it is', 'sandbox')
    .option('--database-prefix <prefix>', 'what the databases begin with', 'spillway_')
    .option('--json', 'print the answer as JSON, for machines')
    .addHelpText(
      'after',
      `
Exit code 1 while anything differs. What each cause means: docs/payments.md`,
    )
    .action((flags: Flags) => payments(flags));
}

async function payments(flags: Flags): Promise<void> {
  const mesh = currentStatus();
  if (mesh.mysql.length === 0) {
    throw new Error('No mesh is up here, so there is nothing to compare. Try: ./spillway up');
  }
  const report = await runReconcile(
    {
      mysqlUrls: serverUrls().mysql,
      databasePrefix: flags.databasePrefix,
      statement: flags.statement ?? statementOf(mesh.sandbox[0]),
      provider: flags.provider,
      paymentAddresses: mesh.services.payment,
    },
    { repair: flags.repair === true },
  );
  const text = flags.json
    ? JSON.stringify(report, null, 2)
    : renderReconcile(report, paintFor(process.stdout));
  process.stdout.write(`${text}\n`);
  if (!report.ok) process.exitCode = 1;
}

function statementOf(sandbox: string | undefined): string {
  if (sandbox !== undefined) return `${sandbox}/v1/statement.csv`;
  throw new Error('This mesh has no sandbox. Give the statement of its provider: --statement');
}
