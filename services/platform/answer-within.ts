// Bounds the wait for an answer that may never come. What was asked goes on: whoever asks again must be
// able to live with the first answer's effect.

import type { Clock } from './clock.js';

/** The answer, or an error when there is none in time. */
export async function answerWithin<T>(answer: Promise<T>, msMax: number, clock: Clock): Promise<T> {
  const answered = new AbortController();
  const late = clock.sleep(msMax, answered.signal).then((): never => {
    throw new Error(`no answer within ${msMax} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    answered.abort();
  }
}
