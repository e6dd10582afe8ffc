// Watches, while the process runs, what was asserted at its start: MySQL forgets no commit that it has
// acknowledged, and Redis drops no key by itself. Somebody may change either at run time.
//
// Invariant: from the look that finds a store unsafe to the look that finds it right again, nothing new
// is reserved. What is reserved already can be confirmed and released. A store that does not answer
// proves nothing, so the last verdict on it stands.

import type { Log } from '../../platform/log.js';
import type { SafetyCheck } from './ports.js';

export class ServingGuard {
  readonly #checks: () => readonly SafetyCheck[];
  readonly #onChange: (safe: boolean) => void;
  readonly #log: Log;
  /** What is wrong, by the name of the check. */
  readonly #problems = new Map<string, string>();

  constructor(o: {
    checks: () => readonly SafetyCheck[];
    /** Told of every change, and not of the beginning: the start has asserted it. */
    onChange: (safe: boolean) => void;
    log: Log;
  }) {
    this.#checks = o.checks;
    this.#onChange = o.onChange;
    this.#log = o.log;
  }

  get safe(): boolean {
    return this.#problems.size === 0;
  }

  async look(): Promise<'IDLE'> {
    const before = this.safe;
    const checks = this.#checks();
    await Promise.all(checks.map((check) => this.#run(check)));
    // A server that is no longer asked, such as a master that became a replica, objects no more.
    const names = new Set(checks.map((check) => check.name));
    for (const name of this.#problems.keys()) if (!names.has(name)) this.#problems.delete(name);
    if (this.safe !== before) {
      if (this.safe) this.#log.info('all stores are safe again; reservations go on');
      this.#onChange(this.safe);
    }
    return 'IDLE';
  }

  async #run({ name, problem }: SafetyCheck): Promise<void> {
    const found = await problem().catch(() => 'NO_ANSWER' as const);
    if (found === 'NO_ANSWER' || found === this.#problems.get(name)) return;
    if (found === undefined) {
      this.#problems.delete(name);
    } else {
      this.#problems.set(name, found);
      this.#log.error({ server: name, fix: found }, 'an unsafe store: nothing is reserved');
    }
  }
}
