// Forgets what every group has finished, so that streams do not grow for ever.
//
// Invariant: an entry is trimmed only when every group was handed it and has acknowledged it, and it
// is older than `keepMs`. Streams are never cut by length: that would take what nobody has read yet.
// A group that stops reading therefore keeps everything; its streams grow until it is destroyed.

import type { Clock } from '../clock.js';
import type { RedisLink } from '../redis/connect.js';
import { type RedisCommand, sendAll } from '../redis/send-all.js';
import { mustAll } from './must-all.js';
import { ALL_PARTITIONS, streamKeys } from './stream-keys.js';

export interface StreamTrimmerOptions {
  readonly link: RedisLink;
  readonly topic: string;
  readonly clock: Clock;
  /** Entries younger than this stay, so that a group which joins late finds a past. */
  readonly keepMs: number;
  /** Per stream and run; Redis does nothing else meanwhile. */
  readonly entriesMax: number;
}

interface Group {
  readonly name: string;
  readonly lastDelivered: string;
}

export class StreamTrimmer {
  readonly #o: StreamTrimmerOptions;
  readonly #keys: readonly string[];

  constructor(o: StreamTrimmerOptions) {
    this.#o = o;
    this.#keys = ALL_PARTITIONS.map(streamKeys(o.topic).events);
  }

  async run(): Promise<'IDLE'> {
    const horizon = `${Math.max(0, Math.floor(this.#o.clock.nowMs() - this.#o.keepMs))}-0`;
    const groups = await this.#groups();
    // Groups are read before what they have pending: what they are handed in between is above both.
    const kept = await Promise.all(
      this.#keys.map((key, i) => this.#firstKept(key, groups[i] ?? [], horizon)),
    );
    const trims = this.#keys.map((key, i): RedisCommand => {
      return ['xtrim', key, 'minid', '~', kept[i] ?? '0', 'limit', this.#o.entriesMax];
    });
    mustAll(await sendAll(this.#o.link, trims));
    return 'IDLE';
  }

  async #groups(): Promise<(readonly Group[])[]> {
    const commands = this.#keys.map((key): RedisCommand => ['xinfo', 'groups', key]);
    const answers = await sendAll(this.#o.link, commands);
    return answers.map((answer) => {
      if ('value' in answer) return (answer.value as unknown[][]).map(groupOf);
      if (answer.error.message.includes('no such key')) return [];
      throw answer.error;
    });
  }

  /** The lowest id that must stay: of what is pending or, with nothing pending, the last one handed out. */
  async #firstKept(key: string, groups: readonly Group[], horizon: string): Promise<string> {
    const commands = groups.map(({ name }): RedisCommand => ['xpending', key, name]);
    const answers = commands.length > 0 ? await sendAll(this.#o.link, commands) : [];
    mustAll(answers);
    const ids = answers.map((answer, i) => {
      const [, lowest] = (answer as { value: [number, string | null] }).value;
      return lowerId(lowest ?? undefined, groups[i]?.lastDelivered) ?? horizon;
    });
    return ids.reduce((low, id) => lowerId(low, id) ?? low, horizon);
  }
}

function groupOf(pairs: unknown[]): Group {
  const at = (name: string) => String(pairs[pairs.indexOf(name) + 1]);
  return { name: at('name'), lastDelivered: at('last-delivered-id') };
}

// An id is milliseconds and a counter; as text `9-1` would come after `10-0`.
function lowerId(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs < bMs || (aMs === bMs && aSeq <= bSeq) ? a : b;
}
