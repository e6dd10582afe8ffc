// Passwords of one home: random, made at the first start, readable by the owner alone, gone with
// --wipe.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Home } from './paths.js';

// Hexadecimal only: they appear unescaped in URLs and SQL.
const secret = z.string().regex(/^[0-9a-f]{32}$/);
const secretsSchema = z.object({
  /** Of the application's database user. */
  mysqlPassword: secret,
  /** Of root, who is never used after the server has started: nobody needs to know it. */
  mysqlRootPassword: secret,
  /** Signs the payment provider's callbacks. */
  providerSecret: secret,
});
export type Secrets = z.infer<typeof secretsSchema>;

export function ensureSecrets(home: Home): Secrets {
  const fresh: Secrets = {
    mysqlPassword: randomSecret(),
    mysqlRootPassword: randomSecret(),
    providerSecret: randomSecret(),
  };
  const draft = `${home.secretsFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, home.secretsFile);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
  } finally {
    rmSync(draft, { force: true });
  }
  return secretsSchema.parse(JSON.parse(readFileSync(home.secretsFile, 'utf8')));
}

function randomSecret(): string {
  return randomBytes(16).toString('hex');
}
