// The parts of orders in Redis. An answer from here is always checked against a version that MySQL has
// just told (see ../parts-cache.ts), so Redis may lose, keep or mix up anything: it then saves nothing.
//
// Invariant: nobody waits for Redis longer than one command timeout, and after a timeout nobody asks
// it for a while, so that a Redis that hangs is felt by few.

import type { Clock } from '../../../platform/clock.js';
import { isReady, type RedisLink } from '../../../platform/redis/connect.js';
import { type RedisAnswer, type RedisCommand, sendAll } from '../../../platform/redis/send-all.js';
import type { Order, OrderLine, OrderTransition } from '../../domain/order.js';
import type { OrderParts, OrderVersion, PartsCache } from '../parts-cache.js';
import { partsKey, tagOf } from './keys.js';

/** Redis answers in under a millisecond; MySQL would have answered by now. */
export const CACHE_MS_MAX = 50;
/** With one timeout in this time, one read of two hundred meets it. */
const REST_MS = 10_000;
/** Whoever looks at an order looks again within the minute; its memory ends with it. */
const KEEP_S = 60;
/** An order of twenty lines has about 5 KB. What is larger is rare and costs more than it saves. */
const ENTRY_CHARS_MAX = 16_384;
/** Batches being stored: with 256 entries of a kilobyte each, 2 MB. More of them are not kept. */
const KEEPS_MAX = 8;

export interface RedisPartsCacheParts {
  readonly link: RedisLink;
  readonly clock: Clock;
  /** Names the installation whose orders these are. */
  readonly mesh: string;
}

export class RedisPartsCache implements PartsCache {
  readonly stats = { hits: 0, misses: 0, failures: 0 };
  readonly #o: RedisPartsCacheParts;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #keeps = 0;

  constructor(o: RedisPartsCacheParts) {
    this.#o = o;
  }

  async read(orders: readonly OrderVersion[]): Promise<(OrderParts | undefined)[]> {
    const found = new Array<OrderParts | undefined>(orders.length).fill(undefined);
    if (this.#unusable()) return found;
    const groups = [...byTag(orders).values()];
    const answers = await this.#send(
      groups.map((group) => ['mget', ...group.map((at) => this.#key(orders[at] as OrderVersion))]),
    );
    for (const [n, group] of groups.entries()) {
      const texts = textsOf(answers[n]);
      for (const [i, at] of group.entries()) {
        found[at] = decode(texts[i], (orders[at] as OrderVersion).version);
      }
    }
    const hits = found.filter((parts) => parts !== undefined).length;
    this.stats.hits += hits;
    this.stats.misses += orders.length - hits;
    return found;
  }

  keep(orders: readonly Order[]): void {
    if (orders.length === 0 || this.#keeps >= KEEPS_MAX || this.#unusable()) return;
    const commands: RedisCommand[] = [];
    for (const order of orders) {
      if (!whole(order, order.version)) continue;
      const text = encode(order);
      if (text.length <= ENTRY_CHARS_MAX) {
        commands.push(['set', this.#key(order), text, 'EX', KEEP_S]);
      }
    }
    if (commands.length === 0) return;
    this.#keeps += 1;
    void this.#send(commands).finally(() => {
      this.#keeps -= 1;
    });
  }

  #key({ orderId, version }: OrderVersion): string {
    return partsKey(this.#o.mesh, orderId, version);
  }

  // Without a connection nothing is waited for, so there is nothing to rest from.
  #unusable(): boolean {
    return !isReady(this.#o.link) || this.#o.clock.monotonicMs() < this.#restUntilMs;
  }

  async #send(commands: readonly RedisCommand[]): Promise<RedisAnswer[]> {
    const answers = await sendAll(this.#o.link, commands);
    if (answers.some((answer) => 'error' in answer)) {
      this.stats.failures += 1;
      this.#restUntilMs = this.#o.clock.monotonicMs() + REST_MS;
    }
    return answers;
  }
}

/** Places in the list, by the tag of the order there. */
function byTag(orders: readonly OrderVersion[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const [at, { orderId }] of orders.entries()) {
    const group = groups.get(tagOf(orderId));
    if (group) group.push(at);
    else groups.set(tagOf(orderId), [at]);
  }
  return groups;
}

function textsOf(answer: RedisAnswer | undefined): readonly unknown[] {
  return answer && 'value' in answer && Array.isArray(answer.value) ? answer.value : [];
}

function whole(parts: OrderParts, version: number): boolean {
  return parts.lines.length > 0 && parts.transitions.length === version;
}

type CachedLine = Omit<OrderLine, 'unitPriceMinor'> & { unitPriceMinor: string };
type CachedParts = readonly [readonly CachedLine[], readonly OrderTransition[]];

/** The form that PARTS_FORMAT numbers. */
export function encode({ lines, transitions }: OrderParts): string {
  const cached: CachedParts = [
    lines.map((line) => ({ ...line, unitPriceMinor: line.unitPriceMinor.toString() })),
    transitions,
  ];
  return JSON.stringify(cached);
}

/** Undefined for what is missing, and for what somebody else has put there. */
function decode(text: unknown, version: number): OrderParts | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const [lines, transitions] = JSON.parse(text) as CachedParts;
    const parts = {
      lines: lines.map((line) => ({ ...line, unitPriceMinor: BigInt(line.unitPriceMinor) })),
      // What is undefined has no place in JSON.
      transitions: transitions.map((made) => ({ ...made, from: made.from })),
    };
    return whole(parts, version) ? parts : undefined;
  } catch {
    return undefined;
  }
}
