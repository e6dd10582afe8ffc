// Turns answers of Redis into an error when any of them is one, for callers who have no use for a part.

import type { RedisAnswer } from '../redis/send-all.js';

export function mustAll(answers: readonly RedisAnswer[]): void {
  for (const answer of answers) if ('error' in answer) throw answer.error;
}
