// A COMMIT that was not answered is resolved by doing the same again under the same keys: what was
// committed is found, what was not is done. Never by reading: the lost COMMIT may still arrive.

import { UnknownOutcomeError } from '../../../platform/mysql/transaction.js';

/** Three lost answers in a row mean a broken network, and its caller's retry asks again anyway. */
const UNKNOWN_ATTEMPTS_MAX = 3;

/** `work` is idempotent. Throws UnknownOutcomeError when it stays unknown. */
export async function resolved<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnknownOutcomeError) || attempt >= UNKNOWN_ATTEMPTS_MAX) throw error;
    }
  }
}
