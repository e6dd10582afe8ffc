// Repeats a transaction whose COMMIT was not answered. Only for work that finds what an earlier try
// of its own has written, and then answers as that try would have.

import { UnknownOutcomeError } from '../../../platform/mysql/transaction.js';

export interface RepeatLimits {
  readonly deadlineMs: number;
  /** How often the work is tried. */
  readonly unknownMax: number;
}

export async function repeatUnknown<T>(o: RepeatLimits, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const unknown = error instanceof UnknownOutcomeError;
      if (!unknown || attempt >= o.unknownMax || Date.now() >= o.deadlineMs) throw error;
    }
  }
}
