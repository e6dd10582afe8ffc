// The gate on Redis: packs many reservation parts into one Lua call per partition, and remembers the
// highest epoch and sequence seen of each SKU, so that a Redis with an older memory is told apart.

import type { Redis } from 'ioredis';
import { assert } from '../../../platform/assert.js';
import type { Gate, GateLevel, RefundReply, SkuLoad } from '../../app/ports.js';
import type { Refund } from '../../domain/close.js';
import type { GateReply, Part } from '../../domain/reservation.js';
import { skuKeys } from './keys.js';
import { type ScriptCall, type ScriptReply, ScriptRunner } from './script-runner.js';

/** 3 keys a SKU and some 7 arguments a part keep one call below a millisecond of Redis' time. */
const PARTS_PER_CALL_MAX = 128;
/** A memory bound; forgetting a floor costs nothing but a later discovery that Redis is stale. */
const FLOORS_MAX = 100_000;

interface Floor {
  epoch: number;
  seq: number;
}

interface Call {
  readonly parts: readonly Part[];
  readonly indexes: readonly number[];
  /** The call's SKUs, in key order. */
  readonly skuIds: readonly string[];
}

export class RedisGate implements Gate {
  readonly #redis: Redis;
  readonly #scripts: ScriptRunner;
  readonly #floors = new Map<string, Floor>();

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#scripts = new ScriptRunner(redis);
  }

  async reserve(parts: readonly Part[]): Promise<GateReply[]> {
    const calls = packCalls(parts);
    const packed = calls.map((call) => this.#reserveCall(call));
    const answers = await this.#scripts.run('reserve', packed);
    const replies = new Array<GateReply>(parts.length).fill({ outcome: 'UNKNOWN' });
    calls.forEach((call, i) => {
      this.#read(call, answers[i] ?? { known: false }, replies);
    });
    return replies;
  }

  #reserveCall(call: Call): ScriptCall {
    const keys: string[] = [];
    const args: (string | number)[] = [call.skuIds.length];
    const numbers = new Map<string, number>();
    const partition = call.parts[0]?.partition ?? 0;
    for (const skuId of call.skuIds) {
      const key = skuKeys(partition, skuId);
      keys.push(key.stock, key.grants, key.buyers);
      const floor = this.#floors.get(skuId);
      args.push(floor?.epoch ?? 0, floor?.seq ?? 0);
      numbers.set(skuId, numbers.size + 1);
    }
    for (const part of call.parts) {
      args.push(part.reservationId, part.orderId, part.userId, part.lines.length);
      for (const line of part.lines) {
        args.push(numbers.get(line.skuId) ?? 0, line.quantity, line.userLimit);
      }
    }
    return { keys, args };
  }

  #read(call: Call, answer: ScriptReply, replies: GateReply[]): void {
    if (!answer.known) return;
    if ('broken' in answer) {
      call.parts.forEach((part, i) => {
        const skuId = part.lines[0]?.skuId ?? '';
        replies[call.indexes[i] as number] = { outcome: 'STALE', skuId };
      });
      return;
    }
    const values = answer.value as unknown[];
    const epochs = new Map<string, number>();
    call.skuIds.forEach((skuId, i) => {
      const epoch = Number(values[call.parts.length + 2 * i]);
      const seq = Number(values[call.parts.length + 2 * i + 1]);
      epochs.set(skuId, epoch);
      this.#raise(skuId, epoch, seq);
    });
    call.parts.forEach((part, i) => {
      replies[call.indexes[i] as number] = readReply(part, values[i], call.skuIds, epochs);
    });
  }

  sawEpoch(skuId: string, epoch: number): void {
    this.#raise(skuId, epoch, 0);
  }

  #raise(skuId: string, epoch: number, seq: number): void {
    const floor = this.#floors.get(skuId);
    if (floor === undefined) {
      if (this.#floors.size >= FLOORS_MAX) this.#floors.clear();
      this.#floors.set(skuId, { epoch, seq });
    } else if (epoch > floor.epoch) {
      floor.epoch = epoch;
      floor.seq = seq;
    } else if (epoch === floor.epoch && seq > floor.seq) {
      floor.seq = seq;
    }
  }

  async refund(refunds: readonly Refund[]): Promise<RefundReply[]> {
    const bySku = new Map<string, number[]>();
    refunds.forEach((refund, index) => {
      const indexes = bySku.get(refund.skuId);
      if (indexes === undefined) bySku.set(refund.skuId, [index]);
      else indexes.push(index);
    });
    const groups = [...bySku.values()];
    const calls = groups.map((indexes) => refundCall(indexes.map((i) => refunds[i] as Refund)));
    const answers = await this.#scripts.run('refund', calls);
    const replies = new Array<RefundReply>(refunds.length).fill('UNKNOWN');
    groups.forEach((indexes, g) => {
      const answer = answers[g];
      if (answer === undefined || !answer.known || !Array.isArray(answer.value)) return;
      indexes.forEach((index, i) => {
        replies[index] = (answer.value as RefundReply[])[i] ?? 'UNKNOWN';
      });
    });
    return replies;
  }

  async install(loads: readonly SkuLoad[]): Promise<boolean> {
    const answers = await this.#scripts.run('install', loads.map(installCall));
    return answers.every((answer) => answer.known);
  }

  async levels(
    skus: readonly { partition: number; skuId: string }[],
  ): Promise<(GateLevel | undefined)[]> {
    if (this.#redis.status !== 'ready') return skus.map(() => undefined);
    const pipeline = this.#redis.pipeline();
    for (const sku of skus) {
      pipeline.hmget(skuKeys(sku.partition, sku.skuId).stock, 'available', 'epoch', 'seq');
    }
    const answers = await pipeline.exec().catch(() => null);
    return skus.map((_, index) => {
      const [error, row] = answers?.[index] ?? [null, null];
      if (error !== null || !Array.isArray(row) || row[0] === null) return undefined;
      return { available: Number(row[0]), epoch: Number(row[1]), seq: Number(row[2]) };
    });
  }
}

function packCalls(parts: readonly Part[]): Call[] {
  const byPartition = new Map<number, { parts: Part[]; indexes: number[]; skus: Set<string> }>();
  const calls: Call[] = [];
  const close = (call: { parts: Part[]; indexes: number[]; skus: Set<string> }): void => {
    calls.push({ parts: call.parts, indexes: call.indexes, skuIds: [...call.skus] });
  };
  parts.forEach((part, index) => {
    let call = byPartition.get(part.partition);
    if (call === undefined) {
      call = { parts: [], indexes: [], skus: new Set() };
      byPartition.set(part.partition, call);
    }
    call.parts.push(part);
    call.indexes.push(index);
    for (const line of part.lines) call.skus.add(line.skuId);
    if (call.parts.length >= PARTS_PER_CALL_MAX) {
      close(call);
      byPartition.delete(part.partition);
    }
  });
  for (const call of byPartition.values()) close(call);
  return calls;
}

function readReply(
  part: Part,
  value: unknown,
  skuIds: readonly string[],
  epochs: ReadonlyMap<string, number>,
): GateReply {
  const [word, ...rest] = (Array.isArray(value) ? value : [value]) as [string, ...unknown[]];
  const lineEpochs = () => part.lines.map((line) => epochs.get(line.skuId) ?? 0);
  const skuId = skuIds[Number(rest[0]) - 1] ?? '';
  switch (word) {
    case 'GRANTED': {
      const fresh = new Set(rest.slice(1).map((number) => skuIds[Number(number) - 1]));
      return {
        outcome: word,
        orderId: rest.length === 0 ? part.orderId : String(rest[0]),
        epochs: lineEpochs(),
        fresh: part.lines.map((line) => rest.length === 0 || fresh.has(line.skuId)),
      };
    }
    case 'DUPLICATE':
      return {
        outcome: word,
        orderId: String(rest[0]),
        epochs: lineEpochs(),
        fresh: part.lines.map(() => false),
      };
    case 'SOLD_OUT':
    case 'USER_LIMIT':
      return { outcome: word, skuId, available: Number(rest[1]) };
    case 'NOT_LOADED':
    case 'STALE':
    case 'EPOCH':
      return { outcome: word, skuId };
    case 'CLOSED':
      return { outcome: word };
    default:
      assert(false, `reserve.lua answered an unknown word: ${String(word)}`);
  }
}

function refundCall(refunds: readonly Refund[]): ScriptCall {
  const [first] = refunds;
  assert(first !== undefined, 'a group has a member');
  const keys = skuKeys(first.partition, first.skuId);
  return {
    keys: [keys.stock, keys.grants, keys.buyers],
    args: refunds.flatMap((refund) => [
      refund.reservationId,
      refund.quantity,
      refund.epoch,
      refund.buyerId,
      refund.mark,
    ]),
  };
}

function installCall(load: SkuLoad): ScriptCall {
  const keys = skuKeys(load.partition, load.skuId);
  return {
    keys: [keys.stock, keys.grants, keys.buyers],
    args: [
      load.epoch,
      load.available,
      load.grants.length,
      ...load.grants.flatMap((grant) => [grant.reservationId, grant.orderId]),
      ...load.buyers.flatMap((buyer) => [buyer.userId, buyer.units]),
    ],
  };
}
