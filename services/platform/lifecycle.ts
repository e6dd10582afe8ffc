// Starts a process, and stops it in the reverse order of what was started, within a bounded time.
// Exit codes: 0 stopped on request, 1 failed to start or to stop, 2 wrong configuration.

import { batcherReport } from './batcher-report.js';
import { ConfigError } from './config.js';
import type { Log } from './log.js';

export interface ProcessPort {
  on(event: string, listener: (arg: unknown) => void): unknown;
  exit(code: number): void;
  stderr: { write(text: string): unknown };
}

export interface LifecycleOptions {
  log: Log;
  stopMsMax: number;
  process?: ProcessPort;
}

interface Stop {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

export class Lifecycle {
  readonly #log: Log;
  readonly #stopMsMax: number;
  readonly #process: ProcessPort;
  readonly #stops: Stop[] = [];
  #stopping = false;

  constructor(o: LifecycleOptions) {
    this.#log = o.log;
    this.#stopMsMax = o.stopMsMax;
    this.#process = o.process ?? process;
  }

  /** Stops run in the reverse order of registration; one that fails does not keep the others. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
  }

  /** Resolves when started. After that only a signal or a fatal error ends the process. */
  async run(start: () => Promise<void>): Promise<void> {
    this.#process.on('SIGTERM', () => this.#onSignal('SIGTERM'));
    this.#process.on('SIGINT', () => this.#onSignal('SIGINT'));
    this.#process.on('uncaughtException', (error) => this.#onFatal(error));
    this.#process.on('unhandledRejection', (error) => this.#onFatal(error));
    try {
      await start();
      if (!this.#stopping) this.#log.info('started');
    } catch (error) {
      await this.#onStartFailure(error);
    }
  }

  async #onStartFailure(error: unknown): Promise<void> {
    // A signal during the start pulls the floor away from it; that is not a failure.
    if (this.#stopping) return;
    if (error instanceof ConfigError) {
      this.#process.stderr.write(`${error.message}\n`);
      this.#process.exit(2);
      return;
    }
    this.#log.error({ err: error }, 'start failed');
    await this.#shutDown(1);
  }

  #onSignal(signal: string): void {
    if (this.#stopping) {
      this.#log.warn({ signal }, 'second signal: exiting at once');
      this.#process.exit(1);
      return;
    }
    this.#log.info({ signal }, 'stopping');
    void this.#shutDown(0);
  }

  // After a bug nobody knows what state memory is in. What was promised is in the databases, and
  // those are built to be left at any moment, so leaving at once is the safe reaction.
  #onFatal(error: unknown): void {
    this.#log.fatal({ err: error }, 'fatal error');
    this.#process.exit(1);
  }

  async #shutDown(code: number): Promise<void> {
    this.#stopping = true;
    const timer = setTimeout(() => {
      this.#log.error({ stopMsMax: this.#stopMsMax }, 'stopping took too long');
      this.#process.exit(1);
    }, this.#stopMsMax);
    let exitCode = code;
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) {
      if (!(await this.#stopOne(next))) exitCode = 1;
    }
    clearTimeout(timer);
    this.#log.info({ exitCode, batches: batcherReport() }, 'stopped');
    this.#process.exit(exitCode);
  }

  async #stopOne(next: Stop): Promise<boolean> {
    try {
      await next.stop();
      return true;
    } catch (error) {
      this.#log.error({ err: error, name: next.name }, 'stop failed');
      return false;
    }
  }
}
