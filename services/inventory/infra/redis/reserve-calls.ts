// The arguments and the reply of reserve.lua: many parts of one partition in one call.

import { assert } from '../../../platform/assert.js';
import type { GateReply, Part } from '../../domain/reservation.js';
import type { Floor } from './floors.js';
import { KEEP_S, skuKeys } from './keys.js';
import type { ScriptCall } from './script-runner.js';

/** 3 keys a SKU and some 7 arguments a part keep one call below a millisecond of Redis' time. */
const PARTS_PER_PACK_MAX = 128;

/** What one call carries. */
export interface Pack {
  readonly parts: readonly Part[];
  /** Where the parts stood in the whole list. */
  readonly indexes: readonly number[];
  /** The call's SKUs, in key order. */
  readonly skuIds: readonly string[];
}

export interface ReserveReply {
  /** One per part. */
  readonly replies: GateReply[];
  /** What Redis has of each SKU of the pack. */
  readonly floors: Map<string, Floor>;
}

export function packParts(parts: readonly Part[]): Pack[] {
  const byPartition = new Map<number, { parts: Part[]; indexes: number[]; skus: Set<string> }>();
  const packs: Pack[] = [];
  const close = (pack: { parts: Part[]; indexes: number[]; skus: Set<string> }): void => {
    packs.push({ parts: pack.parts, indexes: pack.indexes, skuIds: [...pack.skus] });
  };
  parts.forEach((part, index) => {
    let pack = byPartition.get(part.partition);
    if (pack === undefined) {
      pack = { parts: [], indexes: [], skus: new Set() };
      byPartition.set(part.partition, pack);
    }
    pack.parts.push(part);
    pack.indexes.push(index);
    for (const line of part.lines) pack.skus.add(line.skuId);
    if (pack.parts.length >= PARTS_PER_PACK_MAX) {
      close(pack);
      byPartition.delete(part.partition);
    }
  });
  for (const pack of byPartition.values()) close(pack);
  return packs;
}

export function reserveCall(pack: Pack, floorOf: (skuId: string) => Floor): ScriptCall {
  const keys: string[] = [];
  const args: (string | number)[] = [pack.skuIds.length, KEEP_S];
  const numbers = new Map<string, number>();
  const partition = pack.parts[0]?.partition ?? 0;
  for (const skuId of pack.skuIds) {
    const key = skuKeys(partition, skuId);
    keys.push(key.stock, key.grants, key.buyers);
    const floor = floorOf(skuId);
    args.push(floor.epoch, floor.seq);
    numbers.set(skuId, numbers.size + 1);
  }
  const asked = pack.parts.map((part) => {
    const row: (string | number)[] = [part.reservationId, part.orderId, part.userId];
    for (const line of part.lines) {
      row.push(numbers.get(line.skuId) ?? 0, line.quantity, line.userLimit);
    }
    return row;
  });
  args.push(JSON.stringify(asked));
  return { keys, args };
}

export function readReserveReply(pack: Pack, values: readonly unknown[]): ReserveReply {
  const floors = new Map<string, Floor>();
  pack.skuIds.forEach((skuId, i) => {
    const at = pack.parts.length + 2 * i;
    floors.set(skuId, { epoch: Number(values[at]), seq: Number(values[at + 1]) });
  });
  const replies = pack.parts.map((part, i) => readReply(part, values[i], pack.skuIds, floors));
  return { replies, floors };
}

function readReply(
  part: Part,
  value: unknown,
  skuIds: readonly string[],
  floors: ReadonlyMap<string, Floor>,
): GateReply {
  if (value === 'GRANTED') {
    const { lines, orderId } = part;
    const epochs = lines.map((line) => floors.get(line.skuId)?.epoch ?? 0);
    return { outcome: value, orderId, epochs, fresh: lines.map(() => true) };
  }
  const [word, ...rest] = (Array.isArray(value) ? value : [value]) as [string, ...unknown[]];
  const lineEpochs = () => part.lines.map((line) => floors.get(line.skuId)?.epoch ?? 0);
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
      return { outcome: word, skuId, available: Number(rest[1]), listed: rest[2] !== 'UNLISTED' };
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
