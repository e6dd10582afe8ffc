// The payment provider for demos and tests, as a process of its own: whoever uses it can lose its answers
// and its callbacks as with a real one.

import { randomBytes } from 'node:crypto';
import { Lifecycle } from '../platform/lifecycle.js';
import { createLog } from '../platform/log.js';
import { Callbacks } from './callbacks.js';
import { STOP_MS_MAX, sandboxConfig } from './config.js';
import { Faults } from './faults.js';
import { openJournal } from './journal.js';
import { Ledger } from './ledger.js';
import { Postman } from './postman.js';
import type { LedgerEvent } from './records.js';
import { SandboxServer } from './server.js';

const log = createLog({ service: 'sandbox', level: 'info' });
const lifecycle = new Lifecycle({ log, stopMsMax: STOP_MS_MAX });

await lifecycle.run(async () => {
  const config = sandboxConfig();
  log.level = config.LOG_LEVEL;
  const journal = openJournal(config.SANDBOX_LEDGER);
  lifecycle.onStop('journal', () => journal.close());

  const host = config.LISTEN.slice(0, config.LISTEN.lastIndexOf(':'));
  let port = 0;
  const ledger = new Ledger({
    write: (entry) => journal.write(entry),
    // Random, so that a sandbox that has forgotten everything never repeats a number.
    newNumber: (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`,
    nowMs: () => Date.now(),
    payUrl: (number) => `http://${host}:${port}/pay/${number}`,
  });
  for (const entry of journal.entries) ledger.replay(entry);

  const faults = new Faults();
  const callbacks = new Callbacks(log);
  lifecycle.onStop('callbacks', () => callbacks.stop());
  const postman = new Postman({
    callbacks,
    faults,
    secret: config.PROVIDER_SECRETS[0] ?? '',
    onTaken: (event) => ledger.taken(event.data.number),
  });
  lifecycle.onStop('postman', () => postman.stop());
  const tell = (event: LedgerEvent) => postman.tell(event);
  const delayMs = config.SANDBOX_DELAY_MS;
  const server = new SandboxServer({ ledger, faults, tell, delayMs, log });
  lifecycle.onStop('server', () => server.stop());
  port = await server.listen(config.LISTEN);

  const unfinished = ledger.unfinished();
  for (const number of unfinished.settle) server.settleLater(number);
  for (const event of unfinished.tell) tell(event);
  log.info({ listen: config.LISTEN, port }, 'sandbox provider is serving');
});
