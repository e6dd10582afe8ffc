// `./spillway audit`: asks every server directly whether one unit or one cent is missing. Reads
// only. Exit code 1 when something is, or when a server cannot be asked.
import type { Command } from 'commander';
import { currentStatus, type MeshStatus, serverUrls } from '../mesh.js';
import type { AuditTargets } from './look.js';
import { paintFor } from './paint.js';
import { renderAudit } from './render.js';
import { runAudit } from './run-audit.js';

export function registerAudit(program: Command): void {
  program
    .command('audit')
    .description('is one unit or one cent missing? reads Redis and every MySQL server directly')
    .option('--json', 'print the answer as JSON, for machines')
    .option('--database-prefix <prefix>', 'what the databases begin with', 'spillway_')
    .action(async (o: { json?: true; databasePrefix: string }) => {
      const mesh = currentStatus();
      if (mesh.mysql.length === 0) {
        throw new Error('No mesh is up here, so there is nothing to audit. Try: ./spillway up');
      }
      const report = await runAudit(targetsOf(mesh, o.databasePrefix));
      process.stdout.write(
        o.json === true
          ? `${JSON.stringify(report, null, 2)}\n`
          : `${renderAudit(report, paintFor(process.stdout))}\n`,
      );
      if (!report.ok) process.exitCode = 1;
    });
}

/** What to ask of the mesh of this checkout. */
export function targetsOf(mesh: MeshStatus, databasePrefix = 'spillway_'): AuditTargets {
  const { redis, mysql } = serverUrls();
  return { mysqlUrls: mysql, redisUrl: redis, databasePrefix, providerUrl: mesh.sandbox[0] };
}
