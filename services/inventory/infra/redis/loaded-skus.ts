// Walks over the SKUs that are loaded in Redis, a little at a time: SCAN over one master after another,
// in the order of their names. Nodes may come and go: one that is gone or does not answer is passed
// over, and one that came is met in this pass or in the next. It reads only, and never blocks Redis.

import type { Redis } from 'ioredis';
import type { LoadedSkus } from '../../app/ports.js';
import { STOCK_KEYS, skuIdOf } from './keys.js';

/** 1,000 keys are some 0.3 ms of Redis' time: a reserve that comes in between does not notice. */
const KEYS_PER_SCAN = 1_000;
/** A SKU has up to 3 keys: 8,000 keys hold 2,000 SKUs and more, and are 3 ms of Redis' time in all. */
const SCANS_MAX = 8;

export class RedisLoadedSkus implements LoadedSkus {
  readonly #masters: () => Redis[];
  /** The master that is being walked over; empty before the first of a pass. */
  #node = '';
  #cursor = '0';

  /** `masters` tells every node that holds keys now. */
  constructor(masters: () => Redis[]) {
    this.#masters = masters;
  }

  async next(limit: number): Promise<{ skuIds: string[]; ended: boolean }> {
    const skuIds = new Set<string>();
    for (let scan = 1; scan <= SCANS_MAX && skuIds.size < limit; scan++) {
      const node = this.#enter();
      if (node === undefined) {
        this.#node = '';
        return { skuIds: [...skuIds], ended: true };
      }
      for (const key of await this.#scan(node)) {
        const skuId = skuIdOf(key);
        if (skuId !== undefined) skuIds.add(skuId);
      }
    }
    return { skuIds: [...skuIds], ended: false };
  }

  // The node at hand, while it has more and is still a master; else the next one by name.
  #enter(): Redis | undefined {
    const nodes = this.#masters().map((node) => ({ node, name: nameOf(node) }));
    nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
    const here = nodes.find(({ name }) => name === this.#node);
    if (here !== undefined && this.#cursor !== '') return here.node;
    const next = nodes.find(({ name }) => name > this.#node);
    if (next === undefined) return undefined;
    this.#node = next.name;
    this.#cursor = '0';
    return next.node;
  }

  // An empty cursor says that this node has no more.
  async #scan(node: Redis): Promise<string[]> {
    const cursor = this.#cursor;
    this.#cursor = '';
    try {
      const [next, keys] = await node.scan(cursor, 'MATCH', STOCK_KEYS, 'COUNT', KEYS_PER_SCAN);
      if (next !== '0') this.#cursor = next;
      return keys;
    } catch {
      return [];
    }
  }
}

function nameOf(node: Redis): string {
  return `${node.options.host ?? ''}:${node.options.port ?? 0}`;
}
