// A small shop in the services' own tables, on two real MariaDB servers and a real Redis: what the tests
// of the audit damage. It is built anew before each test.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import type { AuditTargets } from './look.js';

const SERVICES = ['inventory', 'order', 'payment'];
// sku-a lies on the first server, sku-b and the orders on the second: nothing can be joined by
// luck.
export const [SHARD_1, SHARD_2] = [7, 40];

export class AuditShop {
  readonly targets: AuditTargets;
  readonly redis: Redis;
  readonly #prefix: string;
  readonly #servers: readonly mysql.Connection[];

  private constructor(targets: AuditTargets, servers: readonly mysql.Connection[]) {
    this.targets = targets;
    this.#prefix = targets.databasePrefix;
    this.#servers = servers;
    this.redis = new Redis(targets.redisUrl);
  }

  static async open(): Promise<AuditShop> {
    const prefix = `audit_${randomBytes(4).toString('hex')}_`;
    const urls = [process.env['TEST_MYSQL_1'] ?? '', process.env['TEST_MYSQL_2'] ?? ''];
    const redisUrl = process.env['TEST_REDIS'] ?? '';
    const servers = await Promise.all(
      urls.map((uri) => mysql.createConnection({ uri, multipleStatements: true })),
    );
    for (const server of servers) {
      for (const service of SERVICES) {
        await server.query(`CREATE DATABASE ${prefix}${service}`);
        await server.query(`USE ${prefix}${service}`);
        await server.query(schemaOf(service));
      }
    }
    return new AuditShop({ mysqlUrls: urls, databasePrefix: prefix, redisUrl }, servers);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      for (const service of SERVICES) {
        await server.query(`DROP DATABASE IF EXISTS ${this.#prefix}${service}`);
      }
      await server.end();
    }
    await this.redis.del(this.keyOf('a'), this.keyOf('b'));
    this.redis.disconnect();
  }

  /**
   * Two SKUs and five orders: 1 pending (2 of b), 2 paid (3 of b), 3 shipped (1 of a, 1 of b), 4 paid
   * and cancelled, 5 cancelled by an operator after shipping (1 of a is away, its money is back).
   */
  async build(): Promise<void> {
    for (const [i, server] of this.#servers.entries()) {
      await server.query(
        SERVICES.flatMap((service) =>
          tablesOf(service).map((table) => `DELETE FROM ${this.#prefix}${service}.${table}`),
        ).join(';'),
      );
      await this.on(i + 1, i === 0 ? FIRST : SECOND);
    }
    await this.redis.hset(this.keyOf('a'), { available: 12, epoch: 3 });
    await this.redis.hset(this.keyOf('b'), { available: 10, epoch: 3 });
  }

  /** `%order.` and friends name databases, `%a` and `%b` SKUs. */
  async on(server: number, sql: string): Promise<void> {
    const text = sql
      .replaceAll(/%(order|inventory|payment)\./g, `${this.#prefix}$1.`)
      .replaceAll('%a', `${this.#prefix}a`)
      .replaceAll('%b', `${this.#prefix}b`);
    await this.#servers[server - 1]?.query(text);
  }

  /** Of a SKU in Redis. */
  keyOf(sku: 'a' | 'b'): string {
    const shard = sku === 'a' ? SHARD_1 : SHARD_2;
    return `{p${String(shard).padStart(2, '0')}}:sku:${this.#prefix}${sku}`;
  }
}

/** Entries from `first` on in one chunk: what was available before the first, and after each. */
export function ledgerChunk(
  shard: number,
  sku: string,
  first: number,
  [before = 0, ...after]: readonly number[],
): string {
  const moves = after.map((units, i) => {
    const change = units - (i === 0 ? before : Number(after[i - 1]));
    if (change === -1) return '812 c';
    return `${change > 0 ? `1+${change}` : change === 0 ? '4' : `2${change}`} 812 c`;
  });
  return `INSERT INTO %inventory.ledger_chunk VALUES (${shard}, '${sku}', ${first}, ${after.length},
    ${before}, ${after.at(-1)}, 5, '${moves.join()}')`;
}

export function reservationRow(o: {
  id: number;
  quantity: number;
  state: number;
  sku: string;
}): string {
  const shard = o.sku === '%a' ? SHARD_1 : SHARD_2;
  return `INSERT INTO %inventory.reservation (shard_no, reservation_id, line_no, sku_id, order_id,
    user_id, fingerprint, quantity, limited, state, epoch, hold_until_ms) VALUES (${shard},
    'r${o.id}', 0, '${o.sku}', '${o.id}', 'u', 'f', ${o.quantity}, 0, ${o.state}, 3, 5)`;
}

export function orderRow(id: number, state: number, total: number, shipped = false): string {
  const tracking = shipped ? `'dhl', '1Z'` : 'NULL, NULL';
  return `INSERT INTO %order.orders (shard_no, order_id, user_id, request_id, fingerprint,
    order_type, state, version, currency, total_minor, discount_minor, payable_minor,
    payment_deadline_ms, due_ms, paid_ms, carrier, tracking_number, created_ms, updated_ms)
    VALUES (40, ${id}, 'u', 'q${id}', 'f', 1, ${state}, 1, 'EUR', ${total}, 0, ${total}, 9,
    ${state === 1 ? 9 : 'NULL'}, NULL, ${tracking}, 5, 5)`;
}

export const lineRow = (id: number, line: number, sku: string, quantity: number) =>
  `INSERT INTO %order.order_line VALUES (40, ${id}, ${line}, '${sku}', 't', ${quantity}, 100, NULL)`;

export const paymentRow = (
  id: number,
  state: number,
  amount: number,
  captured: number,
  refunded: number,
) =>
  `INSERT INTO %payment.payment (shard_no, order_id, user_id, state, currency, amount_minor,
     captured_minor, refunded_minor, deadline_ms)
   VALUES (40, ${id}, 'u', ${state}, 'EUR', ${amount}, ${captured}, ${refunded}, 9)`;

const FIRST = [
  "INSERT INTO %inventory.stock VALUES (7, '%a', 3, 4, 12, 0, 2, 14)",
  "INSERT INTO %inventory.restock VALUES (7, 'fill', '%a', 14, '', 5)",
  ledgerChunk(SHARD_1, '%a', 1, [0, 14]),
  ledgerChunk(SHARD_1, '%a', 2, [14, 13, 13]),
  ledgerChunk(SHARD_1, '%a', 4, [13, 12]),
  reservationRow({ id: 3, quantity: 1, state: 2, sku: '%a' }),
  reservationRow({ id: 5, quantity: 1, state: 2, sku: '%a' }),
].join(';');

const SECOND = [
  "INSERT INTO %inventory.stock VALUES (40, '%b', 3, 6, 10, 2, 4, 16)",
  "INSERT INTO %inventory.restock VALUES (40, 'fill', '%b', 16, '', 5)",
  ledgerChunk(SHARD_2, '%b', 1, [0, 16]),
  ledgerChunk(SHARD_2, '%b', 2, [16, 14, 11, 10, 6, 10]),
  reservationRow({ id: 1, quantity: 2, state: 1, sku: '%b' }),
  reservationRow({ id: 2, quantity: 3, state: 2, sku: '%b' }),
  reservationRow({ id: 3, quantity: 1, state: 2, sku: '%b' }),
  reservationRow({ id: 4, quantity: 4, state: 4, sku: '%b' }),
  orderRow(1, 1, 200),
  lineRow(1, 0, '%b', 2),
  paymentRow(1, 1, 200, 0, 0),
  orderRow(2, 2, 300),
  lineRow(2, 0, '%b', 3),
  paymentRow(2, 5, 300, 300, 0),
  orderRow(3, 3, 200, true),
  lineRow(3, 0, '%a', 1),
  lineRow(3, 1, '%b', 1),
  paymentRow(3, 5, 200, 200, 0),
  orderRow(4, 6, 400),
  lineRow(4, 0, '%b', 4),
  paymentRow(4, 5, 400, 400, 400),
  orderRow(5, 6, 100, true),
  lineRow(5, 0, '%a', 1),
  paymentRow(5, 5, 100, 100, 100),
  `INSERT INTO %payment.refund VALUES
    (40, 'rf', 4, 1, 'q', 'EUR', 400, 2, 0, '', 'sandbox', 'ch', 'n', 5, 5)`,
  "INSERT INTO %order.outbox VALUES (40, '4', 2, 'stock.return', '{}', 5, 0, NULL, 5)",
].join(';');

function folderOf(service: string): URL {
  return new URL(`../../services/${service}/infra/mysql/sql/`, import.meta.url);
}

function schemaOf(service: string): string {
  const folder = folderOf(service);
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return files
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
}

/** Those that are left: a later migration may have put a table aside. */
function tablesOf(service: string): string[] {
  const schema = schemaOf(service);
  const names = [...schema.matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g)];
  return names
    .map((match) => match[1] ?? '')
    .filter((name) => !schema.includes(`RENAME TABLE ${name} TO`));
}
