// The promise itself: per SKU, the units of all live orders against all units that ever existed. It
// does not look at reservations at all, so no mistake of inventory can hide an oversell from it.
import { type Book, countsHere } from './books.js';
import { joinReturned, KEPT, LIVE_GOODS } from './holdings-read.js';
import { type Problem, problem } from './problem.js';

export function checkOversell(
  promised: ReadonlyMap<string, number>,
  totals: ReadonlyMap<string, number>,
): Problem[] {
  const found: Problem[] = [];
  for (const [skuId, units] of promised) {
    const total = totals.get(skuId) ?? 0;
    const beyond = units - total;
    if (beyond <= 0) continue;
    const detail = `orders promise ${units} units, but there are ${total}`;
    found.push(problem('OVERSOLD', skuId, detail, beyond));
  }
  return found;
}

/** Units per SKU that live orders promise. */
export async function readPromised(books: readonly Book[]): Promise<Map<string, number>> {
  const parts = await Promise.all(
    books.map((book) => {
      const db = book.database('order');
      return book.rows<{ sku_id: string; units: string }>(`
        SELECT l.sku_id, SUM(${KEPT}) AS units
        FROM ${db}.orders o JOIN ${db}.order_line l
          ON l.shard_no = o.shard_no AND l.order_id = o.order_id
        ${joinReturned(db)}
        WHERE ${LIVE_GOODS} AND ${countsHere(book, 'o')} GROUP BY l.sku_id`);
    }),
  );
  const promised = new Map<string, number>();
  for (const row of parts.flat()) {
    promised.set(row.sku_id, (promised.get(row.sku_id) ?? 0) + Number(row.units));
  }
  return promised;
}
