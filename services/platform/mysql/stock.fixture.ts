// For tests of transactions: a table of two SKUs with ten units each.

import { createTestDatabase } from './database.fixture.js';
import { read, type Tx, transact } from './transaction.js';

export const inMs = (ms: number) => Date.now() + ms;

export const take = (tx: Tx, sku: string) =>
  tx.change('UPDATE stock SET units = units - 1 WHERE sku = ?', [sku]);

const CREATE = `CREATE TABLE stock (
  sku VARCHAR(20) PRIMARY KEY, units BIGINT UNSIGNED NOT NULL) ENGINE = InnoDB`;

const TEN_EACH = "INSERT INTO stock VALUES ('a', 10), ('b', 10)";

export type Stock = Awaited<ReturnType<typeof openStock>>;

export async function openStock() {
  const db = await createTestDatabase({ poolSize: 2 });
  const run = <T>(work: (tx: Tx) => Promise<T>, o: { deadlineMs?: number } = {}) =>
    transact(db.first, { name: 'test', deadlineMs: inMs(8_000), ...o }, work);
  await run((tx) => tx.change(CREATE));
  return {
    db,
    run,
    reset: () =>
      run(async (tx) => {
        await tx.change('DELETE FROM stock');
        await tx.change(TEN_EACH);
      }),
    /** Such as "a=10 b=10". */
    units: async () => {
      const sql = 'SELECT sku, units FROM stock ORDER BY sku';
      const rows = await read<{ sku: string; units: string }>(
        db.first,
        { deadlineMs: inMs(5_000) },
        sql,
      );
      return rows.map((row) => `${row.sku}=${row.units}`).join(' ');
    },
  };
}
