// The names under which orders and what belongs to them are found again.

import { requestDigest } from '../../platform/digest.js';
import { geneOf, type IdSource, parseId } from '../../platform/ids.js';
import { shardOf } from '../../platform/shard.js';
import type { OrderKeys } from '../app/ports.js';

export function orderKeys(ids: Pick<IdSource, 'next'>): OrderKeys {
  return {
    newOrderId: (userId) => ids.next(shardOf(userId)),
    shardOf: geneOf,
    parseOrderId: parseId,
    reservationId: (userId, requestId) => requestDigest(userId, requestId),
    digest: (parts) => requestDigest(...parts),
  };
}
