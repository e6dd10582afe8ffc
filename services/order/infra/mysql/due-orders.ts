// Claims the unpaid orders of one server whose deadline has passed. A claim pushes due_ms ahead, so
// that it is a lease: whoever claimed may die, and the order is due again when the lease is over.
//
// Invariant: a look takes from both ends. Behind a backlog of any length the orders that become due
// now are still taken now, and the oldest ones never wait for them.

import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { enterGates } from '../../../platform/mysql/shard-gate.js';
import type { ShardGates } from '../../../platform/mysql/shard-gates.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { DueOrder, DueQueue } from '../../app/ports.js';
import { stateCodes } from './order-codes.js';
import { shardAndId } from './order-rows.js';

const select = (direction: 'ASC' | 'DESC') => `SELECT order_id, state FROM orders FORCE INDEX (due)
  WHERE due_ms <= ${NOW_MS} AND shard_no IN (?) ORDER BY due_ms ${direction} LIMIT ? FOR UPDATE SKIP LOCKED`;

const SELECT_OLDEST = select('ASC');
const SELECT_NEWEST = select('DESC');

export class MysqlDueQueue implements DueQueue {
  readonly name: string;
  readonly #server: MysqlServer;
  readonly #gates: ShardGates;

  constructor(server: MysqlServer, gates: ShardGates) {
    this.name = server.name;
    this.#server = server;
    this.#gates = gates;
  }

  async claim(limit: number, leaseMs: number, deadlineMs: number): Promise<DueOrder[]> {
    const shards = this.#gates.openOn(this.#server);
    if (shards.length === 0) return [];
    const options = { name: 'order.due', deadlineMs, gated: true };
    return await transact(this.#server, options, async (tx) => {
      const due = await lockBothEnds(tx, limit, shards);
      if (due.length === 0) return [];
      const { refused } = await enterGates(
        tx,
        due.map(({ orderId }) => geneOf(orderId)),
      );
      const claimed = due.filter(({ orderId }) => !refused.has(geneOf(orderId)));
      // What was passed over would be met first again and again until the gates are read anew.
      if (refused.size > 0) void this.#gates.refresh().catch(() => undefined);
      if (claimed.length === 0) return [];
      const where = inShards(
        'order_id',
        claimed.map(({ orderId }) => shardAndId(orderId)),
      );
      await tx.change(`UPDATE orders SET due_ms = ${NOW_MS} + ? WHERE ${where.sql}`, [
        leaseMs,
        ...where.values,
      ]);
      return claimed;
    });
  }
}

// Rows that this very transaction has locked are not skipped, so when fewer than `limit` are due the
// second half meets the first.
async function lockBothEnds(tx: Tx, limit: number, shards: number[]): Promise<DueOrder[]> {
  const newestMax = Math.floor(limit / 2);
  const oldest = await tx.rows<DueRow>(SELECT_OLDEST, [shards, limit - newestMax]);
  const more = oldest.length === limit - newestMax && newestMax > 0;
  const newest = more ? await tx.rows<DueRow>(SELECT_NEWEST, [shards, newestMax]) : [];
  const due = new Map([...oldest, ...newest].map((row) => [row.order_id, row.state]));
  return [...due].map(([id, state]) => ({
    orderId: BigInt(id),
    awaited: state === stateCodes.DEPOSIT_PAID ? 'BALANCE' : 'FIRST',
  }));
}

interface DueRow {
  readonly order_id: string;
  readonly state: number;
}
