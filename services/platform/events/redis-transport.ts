// Publishes events to Redis Streams, many in one write. A stream is never cut by its length: what is
// trimmed, and when, is stream-trimmer.ts. A published event is as durable as that Redis writes: with
// `appendfsync everysec` a crash of the server may lose its last second.

import type { RedisLink } from '../redis/connect.js';
import { type RedisCommand, sendAll } from '../redis/send-all.js';
import type { EventTransport, PublicEvent, PublishOutcome } from './event-transport.js';
import { entryOf } from './stream-entry.js';
import { partitionOf, streamKeys } from './stream-keys.js';

// As much as an outbox row holds. Larger things are stored somewhere and named in an event.
const BODY_BYTES_MAX = 64 * 1024;

export class RedisEventTransport implements EventTransport {
  readonly #link: RedisLink;
  readonly #topic: string;

  constructor(o: { link: RedisLink; topic: string }) {
    this.#link = o.link;
    this.#topic = o.topic;
  }

  async publish(events: readonly PublicEvent[]): Promise<PublishOutcome[]> {
    const keys = streamKeys(this.#topic);
    const fitting = events.filter(fits);
    const commands = fitting.map((event): RedisCommand => {
      return ['xadd', keys.events(partitionOf(event.aggregateId)), '*', ...entryOf(event)];
    });
    const answers = commands.length > 0 ? await sendAll(this.#link, commands) : [];
    const outcomes = new Map<PublicEvent, PublishOutcome>();
    for (const [i, event] of fitting.entries()) {
      // Also what Redis refuses, such as OOM or READONLY: it is about Redis, not about the event.
      const answer = answers[i];
      outcomes.set(event, answer && 'value' in answer ? 'PUBLISHED' : 'UNKNOWN');
    }
    const refused = { refused: `the body is larger than ${BODY_BYTES_MAX} bytes` };
    return events.map((event) => outcomes.get(event) ?? refused);
  }
}

function fits(event: PublicEvent): boolean {
  return Buffer.byteLength(event.body) <= BODY_BYTES_MAX;
}
