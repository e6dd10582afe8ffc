// Makes the rows of one shard on one server the same as on another, as often as it takes, while they
// change: chunks of keys are compared by digest, and those that differ are copied again.
//
// Invariant: a chunk is written only while the target's gate is RECEIVING in the epoch of this copy. A
// copier that was frozen and overtaken by another one changes nothing.

import type { MysqlServer } from './connect.js';
import { gateStates } from './shard-gate.js';
import {
  type Key,
  type KeyRange,
  keyIn,
  type ShardTable,
  WHOLE,
  whereWithin,
} from './shard-tables.js';
import { read, type SqlValue, type Tx, transact } from './transaction.js';

export interface ShardCopyOptions {
  readonly shard: number;
  readonly source: MysqlServer;
  readonly target: MysqlServer;
  readonly tables: readonly ShardTable[];
  /** Of the target's gate. */
  readonly epoch: number;
  readonly nowMs: () => number;
  /** After each chunk; `rows` of the source are looked at. */
  readonly looked: (rows: number) => Promise<void>;
  /** After each transaction on the target. */
  readonly copied: () => Promise<void>;
}

export interface Chunk extends KeyRange {
  readonly table: ShardTable;
}

type Row = Record<string, SqlValue>;

/** A transaction of a few milliseconds; and a chunk that differs by one row costs little. */
const CHUNK_ROWS = 1_000;
const STATEMENT_MS_MAX = 15_000;

/** Somebody else has taken over, or given up, what this mover was doing. */
export class MoveLostError extends Error {
  override readonly name = 'MoveLostError';
}

export class ShardCopy {
  readonly #o: ShardCopyOptions;

  constructor(o: ShardCopyOptions) {
    this.#o = o;
  }

  /** Compares everything and copies what differs. Answers the chunks that did. */
  async pass(): Promise<Chunk[]> {
    const parts = await Promise.all(this.#o.tables.map((table) => this.#passTable(table)));
    return parts.flat();
  }

  /** As pass(), for some chunks. */
  async again(chunks: readonly Chunk[]): Promise<Chunk[]> {
    const differing: Chunk[] = [];
    for (const chunk of chunks) if (await this.#even(chunk)) differing.push(chunk);
    return differing;
  }

  async #passTable(table: ShardTable): Promise<Chunk[]> {
    const differing: Chunk[] = [];
    let after: Key | undefined;
    do {
      const upTo: Key | undefined = await this.#endOfChunk(table, after);
      const chunk = { table, after, upTo };
      if (await this.#even(chunk)) differing.push(chunk);
      after = upTo;
    } while (after);
    return differing;
  }

  /** The last key of the next chunk; undefined when what is left is less than one. */
  async #endOfChunk(table: ShardTable, after: Key | undefined): Promise<Key | undefined> {
    const { shard, source } = this.#o;
    const where = whereWithin(table, shard, { after, upTo: undefined });
    const order = table.key.join(', ');
    const [row] = await read<Row>(
      source,
      this.#soon(),
      `SELECT ${order} FROM ${table.name} FORCE INDEX (PRIMARY) WHERE ${where.sql}
       ORDER BY shard_no, ${order} LIMIT 1 OFFSET ?`,
      [...where.values, CHUNK_ROWS - 1],
    );
    return row && keyIn(table, row);
  }

  /** True when the chunk had to be copied. */
  async #even(chunk: Chunk): Promise<boolean> {
    const { shard, source, target, looked } = this.#o;
    const [there, here] = await Promise.all(
      [source, target].map((server) => digestOf(server, chunk, shard, this.#soon())),
    );
    const differs = there?.digest !== here?.digest || there?.count !== here?.count;
    if (differs) await this.#copy(chunk);
    await looked(Number(there?.count ?? 0));
    return differs;
  }

  // It may have grown beyond a chunk since its end was looked up.
  async #copy({ table, ...range }: Chunk): Promise<void> {
    const { shard, source, copied } = this.#o;
    const order = ['shard_no', ...table.key].join(', ');
    let { after } = range;
    for (let more = true; more; ) {
      const where = whereWithin(table, shard, { after, upTo: range.upTo });
      const rows = await read<Row>(
        source,
        this.#soon(),
        `SELECT ${table.columns.join(', ')} FROM ${table.name} FORCE INDEX (PRIMARY)
         WHERE ${where.sql} ORDER BY ${order} LIMIT ?`,
        [...where.values, CHUNK_ROWS],
      );
      const last = rows.at(-1);
      more = rows.length === CHUNK_ROWS && last !== undefined;
      const upTo = more && last ? keyIn(table, last) : range.upTo;
      await this.#replace(table, { after, upTo }, rows);
      await copied();
      after = upTo;
    }
  }

  async #replace(table: ShardTable, range: KeyRange, rows: readonly Row[]): Promise<void> {
    const { shard, target, epoch } = this.#o;
    const where = whereWithin(table, shard, range);
    const options = { name: 'shard.copy', ...this.#soon() };
    await transact(target, options, async (tx) => {
      await lockGate(tx, { shard, state: 'RECEIVING', epoch });
      await tx.change(`DELETE FROM ${table.name} WHERE ${where.sql}`, where.values);
      if (rows.length === 0) return;
      const values = rows.map((row) => table.columns.map((column) => row[column] as SqlValue));
      await tx.change(`INSERT INTO ${table.name} (${table.columns.join(', ')}) VALUES ?`, [values]);
    });
  }

  #soon(): { deadlineMs: number } {
    return { deadlineMs: this.#o.nowMs() + STATEMENT_MS_MAX };
  }
}

/** Holds a gate as it is until the transaction ends; throws MoveLostError when it is another. */
export async function lockGate(
  tx: Tx,
  gate: { shard: number; state: keyof typeof gateStates; epoch: number },
): Promise<void> {
  const [found] = await tx.rows<{ state: number; epoch: string }>(
    'SELECT state, epoch FROM shard_gate WHERE shard_no = ? LOCK IN SHARE MODE',
    [gate.shard],
  );
  if (found?.state === gateStates[gate.state] && Number(found.epoch) === gate.epoch) return;
  throw new MoveLostError(`somebody else moves shard ${gate.shard} now`);
}

export async function countRows(
  server: MysqlServer,
  o: { shard: number; tables: readonly ShardTable[]; deadlineMs: number },
): Promise<number> {
  const counts = await Promise.all(
    o.tables.map(async (table) => {
      const sql = `SELECT COUNT(*) AS n FROM ${table.name} FORCE INDEX (PRIMARY) WHERE shard_no = ?`;
      const [row] = await read<{ n: string | number }>(server, o, sql, [o.shard]);
      return Number(row?.n ?? 0);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

// QUOTE makes the parts unambiguous and NULL a word. 64 bits of MD5: sums such as CRC32 are linear, and
// two changes may cancel each other out.
async function digestOf(
  server: MysqlServer,
  { table, ...range }: Chunk,
  shard: number,
  o: { deadlineMs: number },
): Promise<{ count: string; digest: string }> {
  const where = whereWithin(table, shard, range);
  const text = `CONCAT_WS(',', ${table.columns.map((column) => `QUOTE(${column})`).join(', ')})`;
  const bits = `CAST(CONV(LEFT(MD5(${text}), 16), 16, 10) AS UNSIGNED)`;
  const [row] = await read<{ n: string | number; digest: string | number }>(
    server,
    o,
    `SELECT COUNT(*) AS n, COALESCE(BIT_XOR(${bits}), 0) AS digest
     FROM ${table.name} FORCE INDEX (PRIMARY) WHERE ${where.sql}`,
    where.values,
  );
  return { count: String(row?.n), digest: String(row?.digest) };
}

/** Deletes what a shard has left on a server whose gate is AWAY. */
export async function deleteRows(
  server: MysqlServer,
  o: {
    shard: number;
    epoch: number;
    tables: readonly ShardTable[];
    nowMs: () => number;
    deleted: () => Promise<void>;
  },
): Promise<void> {
  for (const table of o.tables) {
    const where = whereWithin(table, o.shard, WHOLE);
    const order = ['shard_no', ...table.key].join(', ');
    const sql = `DELETE FROM ${table.name} WHERE ${where.sql} ORDER BY ${order} LIMIT ?`;
    for (let gone = CHUNK_ROWS; gone === CHUNK_ROWS; ) {
      const options = { name: 'shard.clean', deadlineMs: o.nowMs() + STATEMENT_MS_MAX };
      gone = await transact(server, options, async (tx) => {
        await lockGate(tx, { shard: o.shard, state: 'AWAY', epoch: o.epoch });
        return tx.change(sql, [...where.values, CHUNK_ROWS]);
      });
      await o.deleted();
    }
  }
}
