// Sends script calls to Redis, all at once, and tells what is known of each.

import type { RedisLink } from '../../../platform/redis/connect.js';
import { NOT_CONNECTED, type RedisAnswer, sendAll } from '../../../platform/redis/send-all.js';
import { histograms } from '../../../platform/telemetry/metrics.js';
import { loadScripts, type ScriptName } from './scripts.js';

/** One for all calls that went out together. */
const operations = histograms('db.client.operation.duration');

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export type ScriptReply =
  | { known: true; value: unknown }
  /** A key holds what is not ours; the script changed nothing. */
  | { known: true; value: undefined; broken: true }
  /** Redis said why it ran nothing, or nothing was sent. Asking again is safe whatever the script. */
  | { known: false; refused: string }
  /** No answer: it may have run or not. */
  | { known: false };

export class ScriptRunner {
  readonly #link: RedisLink;
  readonly #scripts = loadScripts();
  readonly #onRefused: (word: string) => void;

  constructor(link: RedisLink, onRefused: (word: string) => void = () => {}) {
    this.#link = link;
    this.#onRefused = onRefused;
  }

  async run(name: ScriptName, calls: readonly ScriptCall[]): Promise<ScriptReply[]> {
    const startMs = performance.now();
    const replies = await this.#run(name, calls);
    const lost = replies.some((reply) => !reply.known);
    operations
      .of('redis', name, lost ? 'unknown' : '')
      .record((performance.now() - startMs) / 1_000);
    return replies;
  }

  async #run(name: ScriptName, calls: readonly ScriptCall[]): Promise<ScriptReply[]> {
    const script = this.#scripts[name];
    const replies = await this.#send(calls, 'evalsha', script.digest);
    const missing = replies.flatMap((reply, index) => (isNoScript(reply) ? [index] : []));
    if (missing.length === 0) return replies;
    const again = missing.map((index) => calls[index] as ScriptCall);
    const answers = await this.#send(again, 'eval', script.text);
    missing.forEach((index, i) => {
      replies[index] = answers[i] ?? { known: false };
    });
    return replies;
  }

  async #send(
    calls: readonly ScriptCall[],
    command: 'eval' | 'evalsha',
    script: string,
  ): Promise<ScriptReply[]> {
    const answers = await sendAll(
      this.#link,
      calls.map(({ keys, args }) => [command, script, keys.length, ...keys, ...args]),
    );
    const replies = answers.map(judge);
    for (const reply of replies) {
      // A missing script is loaded and a missing connection is logged by whoever connects.
      if ('refused' in reply && !isNoScript(reply) && reply.refused !== NOT_CONNECTED) {
        this.#onRefused(reply.refused);
      }
    }
    return replies;
  }
}

function isNoScript(reply: ScriptReply): boolean {
  return 'refused' in reply && reply.refused === 'NOSCRIPT';
}

/**
 * The first words of errors with which Redis refuses before it runs anything; the first write of a
 * script is refused with them too, and ours check everything before they write. Not in the list, and so
 * unknown: ERR, which also ends a script half-way, and whatever the driver says of a connection.
 */
const REFUSALS = new Set([
  NOT_CONNECTED,
  'NOSCRIPT',
  // The slot is elsewhere, moving or nobody's, and the driver's redirections are used up.
  'MOVED',
  'ASK',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'CROSSSLOT',
  // This server takes no writes: it is a replica, loads its data, or waits for its replicas or disk.
  'READONLY',
  'MASTERDOWN',
  'LOADING',
  'NOREPLICAS',
  'MISCONF',
  'OOM',
  'BUSY',
  // It does not let us.
  'NOAUTH',
  'NOPERM',
]);

/** What an answer proves about the script. */
export function judge(answer: RedisAnswer): ScriptReply {
  if ('value' in answer) return { known: true, value: answer.value };
  const { message } = answer.error;
  if (message.includes('WRONGTYPE')) return { known: true, value: undefined, broken: true };
  // The last error of a redirected command counts: it may be a lost connection.
  const last = message.replace(/^Too many Cluster redirections\. Last error: (?:\w+: )?/, '');
  // Redis 6 wraps the errors of a script's commands: `ERR Error running script ...: -OOM command ...`.
  const [, word = ''] = /^(?:ERR .*: -)?([A-Z_]+)\b/.exec(last) ?? [];
  return REFUSALS.has(word) ? { known: false, refused: word } : { known: false };
}
