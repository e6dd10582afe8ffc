// Cuts a request into parts, one per partition, in the order in which they must be reserved.

import { requestDigest } from '../../platform/digest.js';
import { shardOf } from '../../platform/shard.js';
import type { Line, Part, ReserveRequest } from './reservation.js';

/** A SKU's partition: one Redis hash tag, one cluster slot, one logical MySQL shard. */
export function partitionOf(skuId: string): number {
  return shardOf(skuId);
}

/** Same user and lines, in whatever order: same fingerprint. */
export function fingerprintOf(request: ReserveRequest): string {
  const [only] = request.lines;
  if (request.lines.length === 1 && only !== undefined) {
    return requestDigest(request.userId, only.skuId, String(only.quantity));
  }
  const lines = sorted(request.lines).flatMap((line) => [line.skuId, String(line.quantity)]);
  return requestDigest(request.userId, ...lines);
}

/** The parts in ascending partition order; most requests have one. */
export function split(request: ReserveRequest): Part[] {
  const fingerprint = fingerprintOf(request);
  const { reservationId, orderId, userId, span } = request;
  const byPartition = new Map<number, Line[]>();
  for (const line of sorted(request.lines)) {
    const partition = partitionOf(line.skuId);
    const lines = byPartition.get(partition);
    if (lines === undefined) byPartition.set(partition, [line]);
    else lines.push(line);
  }
  return [...byPartition.entries()]
    .sort(([a], [b]) => a - b)
    .map(([partition, lines]) => ({
      partition,
      reservationId,
      orderId,
      userId,
      fingerprint,
      lines,
      span,
    }));
}

function sorted(lines: readonly Line[]): Line[] {
  return [...lines].sort((a, b) => (a.skuId < b.skuId ? -1 : 1));
}
