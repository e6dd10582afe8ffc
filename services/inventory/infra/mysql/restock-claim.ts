// Claims a restock's request id for its body, before anything is restocked: the first body that
// comes owns the id for ever, on every shard. Idempotent, so a crash afterwards is healed by the retry.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { transact } from '../../../platform/mysql/transaction.js';
import type { RestockRequest } from '../../app/ports.js';

/** False when the id belongs to another body. `shard` is the one of the request id. */
export async function claimRestock(
  server: MysqlServer,
  shard: number,
  request: RestockRequest,
  o: { deadlineMs: number },
): Promise<boolean> {
  const { requestId, skuId, delta } = request;
  // Of two that claim at once, the second collides with the first, and reads it the next time.
  return transact(
    server,
    { name: 'claim restock', deadlineMs: o.deadlineMs, duplicateKeyRetries: true },
    async (tx) => {
      const [owner] = await tx.rows<{ sku_id: string; delta: string }>(
        'SELECT sku_id, delta FROM restock_request WHERE shard_no = ? AND request_id = ?',
        [shard, requestId],
      );
      if (owner !== undefined) return owner.sku_id === skuId && Number(owner.delta) === delta;
      await tx.change(
        'INSERT INTO restock_request (shard_no, request_id, sku_id, delta) VALUES (?, ?, ?, ?)',
        [shard, requestId, skuId, delta],
      );
      return true;
    },
  );
}
