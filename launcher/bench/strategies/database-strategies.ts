// Strategies that need nothing but the database: each buyer is one transaction on the row of the
// SKU.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolConnection, ResultSetHeader } from 'mysql2/promise';
import type { BuyOutcome, Strategy, TextbookName } from './strategy.js';

/** As the source documents have it: one try and eight retries, 5 to 50 ms apart. */
const OPTIMISTIC_RETRIES = 8;
const BACK_OFF_MS_MIN = 5;
const BACK_OFF_MS_MAX = 50;

type DatabaseName = Extract<
  TextbookName,
  'check_then_update' | 'database_constraint' | 'optimistic_lock' | 'select_for_update'
>;

export function databaseStrategies(pool: Pool): Record<DatabaseName, Strategy> {
  return {
    check_then_update: { buy: (skuId, buyerId) => checkThenUpdate(pool, skuId, buyerId) },
    database_constraint: { buy: (skuId, buyerId) => constraint(pool, skuId, buyerId) },
    optimistic_lock: { buy: (skuId, buyerId) => optimistic(pool, skuId, buyerId) },
    select_for_update: { buy: (skuId, buyerId) => forUpdate(pool, skuId, buyerId) },
  };
}

/** What nobody should do: it shows that the instrument sees what the others prevent. */
export async function checkThenUpdate(
  pool: Pool,
  skuId: string,
  buyerId: string,
): Promise<BuyOutcome> {
  if ((await readStock(pool, skuId)).available < 1) return 'SOLD_OUT';
  return await inTransaction(pool, async (tx) => {
    await tx.execute('UPDATE stock SET available = available - 1 WHERE sku_id = ?', [skuId]);
    await insertSale(tx, skuId, buyerId);
    return 'BOUGHT';
  });
}

/** The condition is the protection; also the guard behind a queue of orders to be written. */
export function constraint(pool: Pool, skuId: string, buyerId: string): Promise<BuyOutcome> {
  return inTransaction(pool, async (tx) => {
    const [updated] = await tx.execute<ResultSetHeader>(
      'UPDATE stock SET available = available - 1 WHERE sku_id = ? AND available >= 1',
      [skuId],
    );
    if (updated.affectedRows === 0) return 'SOLD_OUT';
    await insertSale(tx, skuId, buyerId);
    return 'BOUGHT';
  });
}

async function optimistic(pool: Pool, skuId: string, buyerId: string): Promise<BuyOutcome> {
  for (let retry = 0; retry <= OPTIMISTIC_RETRIES; retry++) {
    if (retry > 0)
      await sleep(BACK_OFF_MS_MIN + Math.random() * (BACK_OFF_MS_MAX - BACK_OFF_MS_MIN));
    const { available, version } = await readStock(pool, skuId);
    if (available < 1) return 'SOLD_OUT';
    const outcome = await inTransaction(pool, async (tx) => {
      const [updated] = await tx.execute<ResultSetHeader>(
        `UPDATE stock SET available = available - 1, version = version + 1
         WHERE sku_id = ? AND version = ?`,
        [skuId, version],
      );
      if (updated.affectedRows === 0) return 'FAILED';
      await insertSale(tx, skuId, buyerId);
      return 'BOUGHT';
    });
    if (outcome === 'BOUGHT') return 'BOUGHT';
  }
  return 'FAILED';
}

function forUpdate(pool: Pool, skuId: string, buyerId: string): Promise<BuyOutcome> {
  return inTransaction(pool, async (tx) => {
    const { available } = await readStock(tx, skuId, 'FOR UPDATE');
    if (available < 1) return 'SOLD_OUT';
    await tx.execute('UPDATE stock SET available = available - 1 WHERE sku_id = ?', [skuId]);
    await insertSale(tx, skuId, buyerId);
    return 'BOUGHT';
  });
}

async function readStock(
  from: Pool | PoolConnection,
  skuId: string,
  lock = '',
): Promise<{ available: number; version: number }> {
  const [rows] = await from.execute(
    `SELECT available, version FROM stock WHERE sku_id = ? ${lock}`,
    [skuId],
  );
  const [row] = rows as { available: number; version: number }[];
  return row ?? { available: 0, version: 0 };
}

async function insertSale(tx: PoolConnection, skuId: string, buyerId: string): Promise<void> {
  await tx.execute('INSERT INTO sale (buyer_id, sku_id) VALUES (?, ?)', [buyerId, skuId]);
}

/**
 * A transaction that the server gives up for a deadlock or a lock wait is an answer too: FAILED.
 */
async function inTransaction(
  pool: Pool,
  work: (tx: PoolConnection) => Promise<BuyOutcome>,
): Promise<BuyOutcome> {
  const tx = await pool.getConnection();
  try {
    await tx.beginTransaction();
    const outcome = await work(tx);
    if (outcome === 'BOUGHT') await tx.commit();
    else await tx.rollback();
    return outcome;
  } catch (error) {
    await tx.rollback();
    if (LOCK_ERRORS.has((error as { errno?: number }).errno ?? 0)) return 'FAILED';
    throw error;
  } finally {
    tx.release();
  }
}

/** Lock wait timeout, deadlock. */
const LOCK_ERRORS: ReadonlySet<number> = new Set([1205, 1213]);
