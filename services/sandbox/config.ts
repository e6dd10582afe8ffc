// What the sandbox provider is told from outside.

import { z } from 'zod';
import { configFields, readConfig } from '../platform/config.js';

const schema = z.object({
  LISTEN: configFields.listen,
  LOG_LEVEL: configFields.logLevel,
  /** The first signs; the others are known to receivers only while a secret is being changed. */
  PROVIDER_SECRETS: configFields.secretList,
  /** How long a charge takes to settle. */
  SANDBOX_DELAY_MS: configFields.ms(0, 86_400_000, 20),
  /** A file that keeps the ledger over restarts; without it a restart forgets everything. */
  SANDBOX_LEDGER: configFields.text('/var/lib/sandbox/ledger.jsonl').optional(),
});

export type SandboxConfig = z.infer<typeof schema>;

export function sandboxConfig(env: NodeJS.ProcessEnv = process.env): SandboxConfig {
  return readConfig(schema, env);
}

export const STOP_MS_MAX = 5_000;
