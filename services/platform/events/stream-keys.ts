// The only place that builds the keys of event streams. A topic has a fixed number of partitions; an
// aggregate always hashes to the same one, and the keys of a partition share one slot of a cluster.

import { shardOf } from '../shard.js';

/** Divides 64. Changing it moves aggregates to other streams in the middle of their versions. */
export const PARTITIONS = 16;

export const ALL_PARTITIONS: readonly number[] = Array.from({ length: PARTITIONS }, (_, n) => n);

export interface StreamKeys {
  readonly events: (partition: number) => string;
  /** What a group could not handle. */
  readonly dead: (partition: number, group: string) => string;
}

export function streamKeys(topic: string): StreamKeys {
  const tag = (partition: number) => `{${topic}-${String(partition).padStart(2, '0')}}`;
  return {
    events: (partition) => `${tag(partition)}:events`,
    dead: (partition, group) => `${tag(partition)}:dead:${group}`,
  };
}

export function partitionOf(aggregateId: string): number {
  return shardOf(aggregateId) % PARTITIONS;
}
