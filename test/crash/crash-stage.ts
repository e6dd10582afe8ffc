// Where the crash stories play: a mesh that stays, further processes that die, the stock as MySQL
// knows it, and the gate as Redis has it.
import { isDeepStrictEqual } from 'node:util';
import { status } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import { ReserveOutcome } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { RpcError } from '../../services/platform/rpc/errors.js';
import { type MeshClients, soon } from '../harness/clients.js';
import { type ServiceProcess, startService } from '../harness/service-process.js';
import { eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

/** Nothing that these tests hold ends by itself, except where a story says so. */
export const HOLD_MS = 3_600_000;
/** The longest there is: a process that the story is not about stays out of it. */
const RARELY_MS = 60_000;
/** How soon Redis agrees with MySQL again, and every unit that is left can be had. */
const REPAIR_MS_MAX = 5_000;
/** What a dead process has not delivered is due for everybody two seconds after its commit. */
const EFFECTS_MS_MAX = 10_000;

/** Told to the processes of the mesh too: they only serve. */
export const ONLY_SERVES = {
  HOLD_MS: String(HOLD_MS),
  CHECK_BACK_INTERVAL_MS: String(RARELY_MS),
};

export interface Level {
  readonly available: number;
  readonly epoch: number;
}

export interface Wanted {
  readonly id: string;
  readonly user: string;
  readonly skus: readonly string[];
  readonly limit?: number;
}

export class CrashStage {
  readonly shop: Shop;
  /** One client per inventory process of the mesh. */
  readonly inventories: readonly MeshClients['inventory'][];
  readonly #redis: Redis;

  constructor(readonly mesh: TestMesh) {
    this.shop = new Shop(mesh.clients);
    const addresses = mesh.serviceEnv.INVENTORY_ADDRESSES?.split(',') ?? [];
    this.inventories = addresses.map((address) => mesh.connect({ inventory: [address] }).inventory);
    this.#redis = new Redis(mesh.redisUrl, { maxRetriesPerRequest: 0 });
  }

  close(): void {
    this.#redis.disconnect();
  }

  start(
    program: 'order' | 'inventory',
    address: string,
    env: Record<string, string>,
  ): Promise<ServiceProcess> {
    const all = { ...this.mesh.serviceEnv, ...ONLY_SERVES, ...env };
    return startService({ program, address, env: all });
  }

  /** A SKU that nobody has an offer for: reservations are made directly. */
  async restocked(units: number): Promise<string> {
    const skuId = fresh('crash-sku');
    const restock = { requestId: fresh('restock'), skuId, delta: BigInt(units), reason: 'opening' };
    await this.mesh.clients.inventory.restock(restock, soon());
    return skuId;
  }

  /** SKUs of as many different partitions, in the order in which their parts are reserved. */
  async spread(units: readonly number[]): Promise<string[]> {
    const byTag = new Map<string, string>();
    while (byTag.size < units.length) {
      const skuId = await this.restocked(1);
      const [key = ''] = await this.#keysOf(skuId);
      byTag.set(key.slice(0, key.indexOf('}')), skuId);
    }
    const skus = [...byTag].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, skuId]) => skuId);
    for (const [i, skuId] of skus.entries()) {
      const delta = BigInt((units[i] ?? 1) - 1);
      if (delta === 0n) continue;
      const more = { requestId: fresh('restock'), skuId, delta, reason: 'more' };
      await this.mesh.clients.inventory.restock(more, soon());
    }
    return skus;
  }

  /** `available/reserved/sold` of each, as MySQL has it. */
  async books(skus: readonly string[]): Promise<string> {
    const stocks = await Promise.all(
      skus.map((skuId) => this.mesh.clients.inventory.getStock({ skuId }, soon())),
    );
    return stocks
      .map(({ stock }) => `${stock?.available}/${stock?.reserved}/${stock?.sold}`)
      .join(' ');
  }

  /** The books as soon as they are as wanted, or as they are after all effects have had their time. */
  async booksCome(skus: readonly string[], wanted: string): Promise<string> {
    let books = '';
    const untilMs = Date.now() + EFFECTS_MS_MAX;
    do {
      books = await this.books(skus);
      if (books === wanted) return books;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } while (Date.now() < untilMs);
    return books;
  }

  /** Takes the SKU from Redis, as if it had never been loaded. */
  async forget(skuId: string): Promise<void> {
    await this.#redis.del(await this.#keysOf(skuId));
  }

  /** What Redis believes; undefined when it has not loaded the SKU. */
  async gate(skuId: string): Promise<Level | undefined> {
    const key = (await this.#keysOf(skuId)).find((name) => name.includes(':sku:'));
    if (key === undefined) return undefined;
    const [available, epoch] = await this.#redis.hmget(key, 'available', 'epoch');
    return { available: Number(available), epoch: Number(epoch) };
  }

  /** What MySQL knows. */
  async truth(skuId: string): Promise<Level> {
    const { stock } = await this.mesh.clients.inventory.getStock({ skuId }, soon());
    return { available: Number(stock?.available), epoch: Number(stock?.epoch) };
  }

  /** Redis has what MySQL has, or nothing at all: what is not loaded loads when it is asked for. */
  async agrees(skuId: string): Promise<void> {
    let seen: unknown[] = [];
    await eventually(
      () => `${skuId} in Redis and in MySQL: ${JSON.stringify(seen)}`,
      async () => {
        const [gate, truth] = [await this.gate(skuId), await this.truth(skuId)];
        seen = [gate, truth];
        return gate === undefined || isDeepStrictEqual(gate, truth);
      },
      REPAIR_MS_MAX,
    );
  }

  /**
   * New buyers take what MySQL says is available, until nothing is. Each may be turned away for as
   * long as a repair takes and no longer.
   */
  async sellsOut(inventory: MeshClients['inventory'], skuId: string): Promise<void> {
    for (;;) {
      const { stock } = await this.mesh.clients.inventory.getStock({ skuId }, soon());
      if (stock?.available === 0n) break;
      let last = '';
      await eventually(
        () => `${stock?.available} of ${skuId} are left, and nobody can have one: ${last}`,
        async () => {
          const buyer = { id: fresh('rest'), user: fresh('user'), skus: [skuId] };
          last = (await answersTo(inventory, [buyer]))[0]?.word ?? '';
          return last === 'RESERVED';
        },
        REPAIR_MS_MAX,
      );
    }
    const tooLate = { id: fresh('late'), user: fresh('user'), skus: [skuId] };
    const [answer] = await answersTo(inventory, [tooLate]);
    if (answer?.word !== 'SOLD_OUT') throw new Error(`sold one more of ${skuId}: ${answer?.word}`);
  }

  #keysOf(skuId: string): Promise<string[]> {
    return this.#redis.keys(`{*}:*:${skuId}`);
  }
}

export interface Answer {
  readonly word: string;
  readonly orderId: string;
}

let lastOrder = BigInt(Date.now()) << 20n;
/** As the order service does: every try of a request brings a new one, and the first one counts. */
export function newOrderId(): string {
  lastOrder += 1n;
  return lastOrder.toString();
}

const PATIENCE_MS = 10_000;

/** One unit of each SKU for each. Asks again, as everybody should, while the answer is unknown. */
export async function answersTo(
  inventory: MeshClients['inventory'],
  wanted: readonly Wanted[],
  patienceMs = PATIENCE_MS,
): Promise<Answer[]> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const answers = await tryOnce(inventory, wanted);
    const unknown = answers.some(({ word }) => word === 'UNKNOWN' || word === 'OVERLOADED');
    if (!unknown || Date.now() > endMs) return answers;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One try: no answer is UNKNOWN. */
export async function tryOnce(
  inventory: MeshClients['inventory'],
  wanted: readonly Wanted[],
  o = soon(),
): Promise<Answer[]> {
  const items = wanted.map(({ id, user, skus, limit = 0 }) => ({
    reservationId: id,
    orderId: newOrderId(),
    userId: user,
    lines: skus.map((skuId) => ({ skuId, quantity: 1, userLimit: limit })),
  }));
  try {
    const { results } = await inventory.batchReserve({ items }, o);
    return results.map(({ outcome, orderId }) => ({
      word: ReserveOutcome[outcome] ?? '',
      orderId,
    }));
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    return wanted.map(() => ({ word: 'UNKNOWN', orderId: '' }));
  }
}

const ASK_AGAIN = new Set(['OVERLOADED', 'DEPENDENCY_UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** The peer said so, or died while we waited. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  if (error.reason !== '') return ASK_AGAIN.has(error.reason);
  return error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED;
}
