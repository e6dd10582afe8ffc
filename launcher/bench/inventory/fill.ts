// Fills inventory's tables with what a long life would leave in them, by SQL, because a million
// calls of Restock would take an hour. What it writes is what inventory itself would have written,
// in the order of the primary keys, which is the fastest.
import mysql, { type Connection } from 'mysql2/promise';
import { SHARDS, shardOf } from '../../../services/platform/shard.js';
import { makeNumbers, placeLetters } from '../past-rows.js';

const DATABASE = 'spillway_inventory';
/** 5,000 rows of 60 bytes are 300 KB a statement, far below what a server accepts. */
const ROWS_PER_STATEMENT = 5_000;
/** Of the ledger, as a busy sale leaves them; the form is that of inventory's ledger-chunk.ts. */
const ENTRIES_PER_CHUNK = 100;
export const UNITS_PER_SKU = 1_000_000;

/** All SKUs made here have names of one length, so that a message has one hole for them. */
export const SKU_LENGTH = 10;

export function skuName(number: number): string {
  return `g${String(number).padStart(SKU_LENGTH - 1, '0')}`;
}

export class Fill {
  readonly #servers: readonly Connection[];
  #skus = 0;
  #past = 0;

  static async open(mysqlUrls: readonly string[]): Promise<Fill> {
    const open = (uri: string) => mysql.createConnection({ uri, database: DATABASE });
    return new Fill(await Promise.all(mysqlUrls.map(open)));
  }

  private constructor(servers: readonly Connection[]) {
    this.#servers = servers;
  }

  /** SKUs so far: numbers 1 up to this. */
  get skus(): number {
    return this.#skus;
  }

  get past(): number {
    return this.#past;
  }

  async skusUpTo(count: number): Promise<void> {
    const first = this.#skus + 1;
    const groups = this.#servers.map((): string[] => []);
    const insert = `INSERT INTO stock
      (shard_no, sku_id, epoch, version, available, reserved, sold, total) VALUES `;
    const flush = async (server: number) => {
      const rows = groups[server]?.splice(0) ?? [];
      if (rows.length > 0) await this.#servers[server]?.query(insert + rows.join(','));
    };
    for (let number = first; number <= count; number++) {
      const shard = shardOf(skuName(number));
      const server = this.#serverOf(shard);
      const units = UNITS_PER_SKU;
      groups[server]?.push(`(${shard},'${skuName(number)}',1,1,${units},0,0,${units})`);
      if (groups[server]?.length === ROWS_PER_STATEMENT) await flush(server);
    }
    for (let server = 0; server < groups.length; server++) await flush(server);
    const range = [skuName(first), skuName(count)];
    await this.#everywhere((connection) => writeHistory(connection, range));
    this.#skus = Math.max(this.#skus, count);
  }

  /** Reservations that were made and confirmed long ago, the same number in each shard. */
  async pastUpTo(count: number): Promise<void> {
    const perShard = Math.ceil((count - this.#past) / SHARDS);
    if (perShard <= 0) return;
    await this.#everywhere((connection) => makeNumbers(connection, perShard));
    const tag = String(this.#past);
    await this.#everywhere(async (connection, server) => {
      for (let shard = 0; shard < SHARDS; shard++) {
        if (this.#serverOf(shard) !== server) continue;
        await writePast(connection, shard, perShard, tag);
      }
    });
    this.#past = count;
  }

  async close(): Promise<void> {
    for (const connection of this.#servers) connection.destroy();
  }

  // Shards lie on servers in equal runs, as the launcher's own shard map has it.
  #serverOf(shard: number): number {
    return Math.floor((shard * this.#servers.length) / SHARDS);
  }

  async #everywhere(
    work: (connection: Connection, server: number) => Promise<void>,
  ): Promise<void> {
    await Promise.all(this.#servers.map(work));
  }
}

/** The restock that a SKU began with, and its entry in the ledger. */
async function writeHistory(connection: Connection, range: readonly string[]): Promise<void> {
  await connection.query(
    `INSERT INTO ledger_chunk (shard_no, sku_id, entry, entries, before_units, after_units, at_ms,
       moves)
     SELECT shard_no, sku_id, 1, 1, 0, total, 1, CONCAT('1+', total, '  ', sku_id, '-fill')
     FROM stock WHERE sku_id BETWEEN ? AND ?`,
    [...range],
  );
  await connection.query(
    `INSERT INTO restock (shard_no, request_id, sku_id, delta, reason, at_ms)
     SELECT shard_no, CONCAT(sku_id, '-fill'), sku_id, total, 'bench', 1
     FROM stock WHERE sku_id BETWEEN ? AND ?`,
    [...range],
  );
}

/** Ids spread evenly over all that new ids may be, in ascending order. */
async function writePast(
  connection: Connection,
  shard: number,
  count: number,
  tag: string,
): Promise<void> {
  const skuId = `${skuOfShard(shard)}-${tag}`;
  const reservationId = `CONCAT(${placeLetters(count)}, LPAD('${tag}', 8, '-'), LPAD(n, 11, '0'))`;
  const orderId = `CONCAT('1', LPAD(n, 18, '0'))`;
  await connection.query(
    `INSERT INTO stock (shard_no, sku_id, epoch, version, available, reserved, sold, total)
     VALUES (?, ?, 1, ?, 0, 0, ?, ?)`,
    [shard, skuId, count, count, count],
  );
  await connection.query(
    `INSERT INTO reservation (shard_no, reservation_id, line_no, sku_id, order_id, user_id,
       fingerprint, quantity, limited, state, epoch, hold_until_ms)
     SELECT ?, ${reservationId}, 0, ?, ${orderId}, CONCAT('u', n), LPAD(n, 22, 'f'), 1, 0, 2, 1,
       NULL FROM bench_number WHERE n <= ? ORDER BY n`,
    [shard, skuId, count],
  );
  await connection.query('SET SESSION group_concat_max_len = 65535');
  await connection.query(
    `INSERT INTO ledger_chunk (shard_no, sku_id, entry, entries, before_units, after_units, at_ms,
       moves)
     SELECT ?, ?, MIN(n), COUNT(*), ? - MIN(n) + 1, ? - MAX(n), 1,
       GROUP_CONCAT(CONCAT(${orderId}, ' ', ${reservationId}) ORDER BY n SEPARATOR ',')
     FROM bench_number WHERE n <= ? GROUP BY (n - 1) DIV ${ENTRIES_PER_CHUNK} ORDER BY MIN(n)`,
    [shard, skuId, count, count, count],
  );
}

/** Its name says nothing of its shard, and nobody asks for it; it only has to lie there. */
function skuOfShard(shard: number): string {
  return `past-${shard}`;
}
