// Fills the tables with orders that were placed and paid long ago, each with its line, log, payment
// and reservation, by SQL. In the order of the primary keys; buyers spread over all that new ones
// may be.
import mysql, { type Connection } from 'mysql2/promise';
import { SHARDS } from '../../../services/platform/shard.js';
import { Fill } from '../inventory/fill.js';
import { makeNumbers, placeLetters } from '../past-rows.js';

/** An id's milliseconds count from 2026, so these orders were all placed in its first seconds. */
const TIME_SHIFT = 22;
const GENE_SHIFT = 16;
const PRICE = 1_999;

interface Part {
  readonly shard: number;
  readonly count: number;
  /** Orders of this shard that exist already. */
  readonly before: number;
}

export class PastOrders {
  readonly #orders: readonly Connection[];
  readonly #payments: readonly Connection[];
  readonly #reservations: Fill;
  #perShard = 0;

  static async open(mysqlUrls: readonly string[]): Promise<PastOrders> {
    const open = (database: string) =>
      Promise.all(mysqlUrls.map((uri) => mysql.createConnection({ uri, database })));
    const reservations = await Fill.open(mysqlUrls);
    return new PastOrders(
      await open('spillway_order'),
      await open('spillway_payment'),
      reservations,
    );
  }

  private constructor(
    orders: readonly Connection[],
    payments: readonly Connection[],
    reservations: Fill,
  ) {
    this.#orders = orders;
    this.#payments = payments;
    this.#reservations = reservations;
  }

  get count(): number {
    return this.#perShard * SHARDS;
  }

  /** The same number in each shard. */
  async upTo(count: number): Promise<void> {
    const before = this.#perShard;
    const perShard = Math.ceil(count / SHARDS);
    if (perShard <= before) return;
    const more = perShard - before;
    const fillShards = async (
      servers: readonly Connection[],
      write: (connection: Connection, part: Part) => Promise<void>,
    ) => {
      await Promise.all(
        servers.map(async (connection, server) => {
          await makeNumbers(connection, more);
          for (let shard = 0; shard < SHARDS; shard++) {
            // Shards lie on servers in equal runs, as the launcher's own shard map has it.
            if (Math.floor((shard * servers.length) / SHARDS) !== server) continue;
            await write(connection, { shard, count: more, before });
          }
        }),
      );
    };
    await fillShards(this.#orders, writeOrders);
    await fillShards(this.#payments, writePayments);
    await this.#reservations.pastUpTo(count);
    this.#perShard = perShard;
  }

  /** Any of them. */
  randomId(): string {
    const number = BigInt(1 + Math.floor(Math.random() * this.#perShard));
    const shard = BigInt(Math.floor(Math.random() * SHARDS));
    return String((number << BigInt(TIME_SHIFT)) | (shard << BigInt(GENE_SHIFT)));
  }

  async close(): Promise<void> {
    for (const connection of [...this.#orders, ...this.#payments]) connection.destroy();
    await this.#reservations.close();
  }
}

function idOf({ shard, before }: Part): string {
  return `((n + ${before}) * ${2 ** TIME_SHIFT} + ${shard * 2 ** GENE_SHIFT})`;
}

async function writeOrders(connection: Connection, part: Part): Promise<void> {
  const { shard, count, before } = part;
  const from = `FROM bench_number WHERE n <= ${count} ORDER BY n`;
  const [id, place] = [idOf(part), placeLetters(count)];
  const userId = `CONCAT(${place}, LPAD(n + ${before}, 7, '0'))`;
  const requestId = `CONCAT(${place}, LPAD(n + ${before}, 19, '0'))`;
  await connection.query(
    `INSERT INTO orders (shard_no, order_id, user_id, request_id, fingerprint, order_type, state,
       version, currency, total_minor, discount_minor, payable_minor, payment_deadline_ms, due_ms,
       paid_ms, created_ms, updated_ms)
     SELECT ${shard}, ${id}, ${userId}, ${requestId}, LPAD(n, 22, 'f'), 1, 2, 2, 'EUR', ${PRICE}, 0,
       ${PRICE}, 2, NULL, 2, 1, 2 ${from}`,
  );
  await connection.query(
    `INSERT INTO order_line (shard_no, order_id, line_no, sku_id, title, quantity,
       unit_price_minor)
     SELECT ${shard}, ${id}, 0, 'past-${shard}', 'Benchmark', 1, ${PRICE} ${from}`,
  );
  await connection.query(
    `INSERT INTO order_transition (shard_no, order_id, version, from_state, to_state, operator,
       remark, at_ms)
     SELECT ${shard}, ${id}, 2, 1, 2, 'payment', '', 2 ${from}`,
  );
}

async function writePayments(connection: Connection, part: Part): Promise<void> {
  const { shard, count, before } = part;
  const from = `FROM bench_number WHERE n <= ${count} ORDER BY n`;
  const id = idOf(part);
  const number = `CONCAT('ch-', n + ${before})`;
  await connection.query(
    `INSERT INTO payment (shard_no, order_id, user_id, state, version, currency, amount_minor,
       captured_minor, provider_number, attempt_no, deadline_ms, created_ms, updated_ms)
     SELECT ${shard}, ${id}, CONCAT('u', n), 5, 2, 'EUR', ${PRICE}, ${PRICE}, ${number}, 1, 2, 1, 2
     ${from}`,
  );
  await connection.query(
    `INSERT INTO payment_attempt (shard_no, order_id, attempt_no, request_id, provider, method,
       state, provider_number, created_ms)
     SELECT ${shard}, ${id}, 1, 'bench', 'sandbox', 'card', 5, ${number}, 1 ${from}`,
  );
}
