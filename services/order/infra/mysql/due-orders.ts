// Claims the unpaid orders of one server whose deadline has passed. A claim pushes due_ms ahead, so
// that it is a lease: whoever claimed may die, and the order is due again when the lease is over.
//
// Invariant: a look takes from both ends. Behind a backlog of any length the orders that become due
// now are still taken now, and the oldest ones never wait for them.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { DueQueue } from '../../app/ports.js';
import { shardAndId } from './order-rows.js';

const select = (direction: 'ASC' | 'DESC') => `SELECT order_id FROM orders FORCE INDEX (due)
  WHERE due_ms <= ${NOW_MS} ORDER BY due_ms ${direction} LIMIT ? FOR UPDATE SKIP LOCKED`;

const SELECT_OLDEST = select('ASC');
const SELECT_NEWEST = select('DESC');

export class MysqlDueQueue implements DueQueue {
  readonly name: string;
  readonly #server: MysqlServer;

  constructor(server: MysqlServer) {
    this.name = server.name;
    this.#server = server;
  }

  claim(limit: number, leaseMs: number, deadlineMs: number): Promise<bigint[]> {
    return transact(this.#server, { name: 'order.due', deadlineMs }, async (tx) => {
      const ids = await lockBothEnds(tx, limit);
      if (ids.length === 0) return [];
      const where = inShards('order_id', ids.map(shardAndId));
      await tx.change(`UPDATE orders SET due_ms = ${NOW_MS} + ? WHERE ${where.sql}`, [
        leaseMs,
        ...where.values,
      ]);
      return ids;
    });
  }
}

// Rows that this very transaction has locked are not skipped, so when fewer than `limit` are due the
// second half meets the first.
async function lockBothEnds(tx: Tx, limit: number): Promise<bigint[]> {
  const newestMax = Math.floor(limit / 2);
  const oldest = await tx.rows<DueRow>(SELECT_OLDEST, [limit - newestMax]);
  const more = oldest.length === limit - newestMax && newestMax > 0;
  const newest = more ? await tx.rows<DueRow>(SELECT_NEWEST, [newestMax]) : [];
  const ids = new Set([...oldest, ...newest].map((row) => row.order_id));
  return [...ids].map(BigInt);
}

interface DueRow {
  readonly order_id: string;
}
