// Sends script calls to Redis, many in one write, and tells what is known of each.

import type { Redis } from 'ioredis';
import { loadScripts, type ScriptName } from './scripts.js';

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export type ScriptReply =
  | { known: true; value: unknown }
  /** A key holds what is not ours; the script changed nothing. */
  | { known: true; value: undefined; broken: true }
  /** No answer: it may have run or not. */
  | { known: false };

export class ScriptRunner {
  readonly #redis: Redis;
  readonly #scripts = loadScripts();

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async run(name: ScriptName, calls: readonly ScriptCall[]): Promise<ScriptReply[]> {
    const script = this.#scripts[name];
    const replies = await this.#send(calls, 'evalsha', script.digest);
    const missing = replies.flatMap((reply, index) => (reply === 'NOSCRIPT' ? [index] : []));
    if (missing.length > 0) {
      const again = missing.map((index) => calls[index] as ScriptCall);
      const answers = await this.#send(again, 'eval', script.text);
      missing.forEach((index, i) => {
        const answer = answers[i] ?? 'NOSCRIPT';
        replies[index] = answer === 'NOSCRIPT' ? { known: false } : answer;
      });
    }
    return replies as ScriptReply[];
  }

  async #send(
    calls: readonly ScriptCall[],
    command: 'eval' | 'evalsha',
    script: string,
  ): Promise<(ScriptReply | 'NOSCRIPT')[]> {
    if (this.#redis.status !== 'ready') return calls.map(() => ({ known: false }));
    const pipeline = this.#redis.pipeline();
    for (const call of calls) {
      pipeline[command](script, call.keys.length, ...call.keys, ...call.args);
    }
    try {
      const answers = (await pipeline.exec()) ?? [];
      return calls.map((_, index) => judge(answers[index]));
    } catch {
      return calls.map(() => ({ known: false }));
    }
  }
}

// An error that Redis itself answered is definite: the script changed nothing. Anything else, such
// as a closed connection or a timeout, leaves open whether it ran.
function judge(answer: [Error | null, unknown] | undefined): ScriptReply | 'NOSCRIPT' {
  if (answer === undefined) return { known: false };
  const [error, value] = answer;
  if (error === null) return { known: true, value };
  if (error.message.startsWith('NOSCRIPT')) return 'NOSCRIPT';
  if (error.message.includes('WRONGTYPE')) return { known: true, value: undefined, broken: true };
  return { known: false };
}
