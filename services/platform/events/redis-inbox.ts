// One consumer of a group on Redis Streams. Redis remembers who was handed what and how often, so a
// consumer that dies loses nothing: its entries are claimed by whoever looks after `idleMs`.
//
// Entries are found by XPENDING and taken by XCLAIM: unlike XAUTOCLAIM that also tells how often each
// was delivered, which is how an event that kills its consumers is noticed. Nothing blocks: commands
// of all partitions go out in one write, in a cluster too.

import type { RedisLink } from '../redis/connect.js';
import { type RedisAnswer, type RedisCommand, sendAll } from '../redis/send-all.js';
import type { EventInbox, ReceivedEvent } from './event-transport.js';
import { mustAll } from './must-all.js';
import { eventOf } from './stream-entry.js';
import { ALL_PARTITIONS, type StreamKeys, streamKeys } from './stream-keys.js';

export interface RedisInboxOptions {
  readonly link: RedisLink;
  readonly topic: string;
  /** Everybody with this name shares the events; every other name gets them all. */
  readonly group: string;
  /** Stable over restarts (a host's name, not a random one): Redis keeps every name for ever. */
  readonly consumer: string;
}

type Entry = readonly [entryId: string, fields: readonly string[] | null];
type Pending = readonly [entryId: string, consumer: string, idleMs: number, deliveries: number];

export class RedisEventInbox implements EventInbox {
  readonly #o: RedisInboxOptions;
  readonly #keys: StreamKeys;
  #joined = false;

  constructor(o: RedisInboxOptions) {
    this.#o = o;
    this.#keys = streamKeys(o.topic);
  }

  async take(perPartitionMax: number): Promise<ReceivedEvent[]> {
    if (!this.#joined) await this.#join();
    const { group, consumer } = this.#o;
    const answers = await this.#sendAll((key) => {
      const who = ['group', group, consumer, 'count', perPartitionMax] as const;
      return ['xreadgroup', ...who, 'streams', key, '>'];
    });
    return answers.flatMap((answer, partition) => {
      const [stream] = answerOf<[string, Entry[]][] | null>(answer) ?? [];
      return received(partition, stream?.[1] ?? [], () => 1);
    });
  }

  async reclaim(idleMs: number, perPartitionMax: number): Promise<ReceivedEvent[]> {
    if (!this.#joined) await this.#join();
    const { group, consumer } = this.#o;
    const pending = await this.#sendAll((key) => {
      return ['xpending', key, group, 'idle', idleMs, '-', '+', perPartitionMax];
    });
    const idle = pending.map((answer) => answerOf<Pending[]>(answer) ?? []);
    const busy = ALL_PARTITIONS.filter((partition) => idle[partition]?.length);
    const claims = busy.map((partition): RedisCommand => {
      const ids = idle[partition]?.map(([entryId]) => entryId) ?? [];
      // Of two consumers who look at the same time one gets it: claiming ends the idle time.
      return ['xclaim', this.#keys.events(partition), group, consumer, idleMs, ...ids];
    });
    const claimed = claims.length > 0 ? await sendAll(this.#o.link, claims) : [];
    return busy.flatMap((partition, i) => {
      const before = new Map(idle[partition]?.map(([entryId, , , times]) => [entryId, times]));
      const entries = (claimed[i] && answerOf<(Entry | null)[]>(claimed[i])) ?? [];
      const there = entries.filter((entry) => entry !== null);
      return received(partition, there, (entryId) => (before.get(entryId) ?? 0) + 1);
    });
  }

  async acknowledge(all: readonly ReceivedEvent[]): Promise<void> {
    const commands = ALL_PARTITIONS.flatMap((partition): RedisCommand[] => {
      const ids = all.filter((one) => one.partition === partition).map((one) => one.entryId);
      return ids.length > 0 ? [['xack', this.#keys.events(partition), this.#o.group, ...ids]] : [];
    });
    if (commands.length > 0) mustAll(await sendAll(this.#o.link, commands));
  }

  async bury({ partition, entryId, event }: ReceivedEvent, reason: string): Promise<void> {
    const key = this.#keys.dead(partition, this.#o.group);
    const { aggregateId = '', version = 0, kind = '', body = '' } = event ?? {};
    const said = ['entry', entryId, 'reason', reason, 'aggregate', aggregateId];
    const rest = ['version', version, 'kind', kind, 'body', body];
    mustAll(await sendAll(this.#o.link, [['xadd', key, '*', ...said, ...rest]]));
  }

  // From the oldest entry that is still there, and again when Redis has lost the group.
  async #join(): Promise<void> {
    const commands = ALL_PARTITIONS.map((partition): RedisCommand => {
      const key = this.#keys.events(partition);
      return ['xgroup', 'create', key, this.#o.group, '0', 'mkstream'];
    });
    const answers = await sendAll(this.#o.link, commands);
    mustAll(answers.filter((answer) => !saysError(answer, 'BUSYGROUP')));
    this.#joined = true;
  }

  async #sendAll(commandOf: (key: string) => RedisCommand): Promise<RedisAnswer[]> {
    const commands = ALL_PARTITIONS.map((partition) => commandOf(this.#keys.events(partition)));
    const answers = await sendAll(this.#o.link, commands);
    if (answers.some((answer) => saysError(answer, 'NOGROUP'))) this.#joined = false;
    // Partitions that answered go on while a master of the others is away.
    if (answers.every((answer) => 'error' in answer)) mustAll(answers);
    return answers;
  }
}

function received(
  partition: number,
  entries: readonly Entry[],
  deliveriesOf: (entryId: string) => number,
): ReceivedEvent[] {
  return entries.map(([entryId, fields]) => {
    const event = fields ? eventOf(fields) : undefined;
    return { partition, entryId, deliveries: deliveriesOf(entryId), event };
  });
}

function answerOf<T>(answer: RedisAnswer): T | undefined {
  return 'value' in answer ? (answer.value as T) : undefined;
}

function saysError(answer: RedisAnswer, word: string): boolean {
  return 'error' in answer && answer.error.message.startsWith(word);
}
