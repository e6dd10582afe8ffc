// Claims the unpaid orders of one server whose deadline has passed. A claim pushes due_ms ahead, so
// that it is a lease: whoever claimed may die, and the order is due again when the lease is over.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { transact } from '../../../platform/mysql/transaction.js';
import type { DueQueue } from '../../app/ports.js';
import { shardAndId } from './order-rows.js';

const SELECT_DUE = `SELECT order_id FROM orders FORCE INDEX (due)
  WHERE due_ms <= ${NOW_MS} ORDER BY due_ms LIMIT ? FOR UPDATE SKIP LOCKED`;

export class MysqlDueQueue implements DueQueue {
  readonly name: string;
  readonly #server: MysqlServer;

  constructor(server: MysqlServer) {
    this.name = server.name;
    this.#server = server;
  }

  claim(limit: number, leaseMs: number, deadlineMs: number): Promise<bigint[]> {
    return transact(this.#server, { name: 'order.due', deadlineMs }, async (tx) => {
      const rows = await tx.rows<{ order_id: string }>(SELECT_DUE, [limit]);
      if (rows.length === 0) return [];
      const ids = rows.map((row) => BigInt(row.order_id));
      const where = inShards('order_id', ids.map(shardAndId));
      await tx.change(`UPDATE orders SET due_ms = ${NOW_MS} + ? WHERE ${where.sql}`, [
        leaseMs,
        ...where.values,
      ]);
      return ids;
    });
  }
}
