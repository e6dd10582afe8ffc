// Shards whose orders were moved away from their payments. SQL cannot join what lies on two servers, so
// of these orders the sums are compared and not each one with its payment; the report says how many
// shards that are.

/** As much of a book (books.ts) as this needs. */
interface Shelf {
  database(service: 'order' | 'payment'): string;
  rows<T>(sql: string): Promise<T[]>;
}

interface ShardRow {
  shard_no: number;
}

/** From the rows themselves: nobody tells the audit which shard belongs where. */
export async function findApart(books: readonly Shelf[]): Promise<number[]> {
  const moved = await Promise.all(books.map(movedHere));
  // As long as nothing has moved, whoever knows no payments can be audited as well.
  if (moved.every((shards) => shards.length === 0)) return [];
  const paid = await Promise.all(books.map(paidHere));
  const parts = moved.map((orders, i) => ({ orders, payments: new Set(paid[i]) }));
  const apart = new Set<number>();
  for (const here of parts) {
    for (const shard of here.orders) {
      if (here.payments.has(shard)) continue;
      if (parts.some((other) => other.payments.has(shard))) apart.add(shard);
    }
  }
  return [...apart].sort((a, b) => a - b);
}

/** The gates tell owners for certain; the tables alone would show what is only left behind. */
async function movedHere(book: Shelf): Promise<number[]> {
  const gate = `${book.database('order')}.shard_gate`;
  const sql = `SELECT shard_no FROM ${gate} WHERE state IN (1, 2) AND epoch > 1`;
  return (await book.rows<ShardRow>(sql)).map((row) => row.shard_no);
}

async function paidHere(book: Shelf): Promise<number[]> {
  const sql = `SELECT DISTINCT shard_no FROM ${book.database('payment')}.payment`;
  return (await book.rows<ShardRow>(sql)).map((row) => row.shard_no);
}
