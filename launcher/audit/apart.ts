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
  const parts = await Promise.all(
    books.map(async (book) => {
      const { orders, payments } = await shardsOn(book);
      return { orders: new Set(orders), payments: new Set(payments) };
    }),
  );
  const apart = new Set<number>();
  for (const here of parts) {
    for (const shard of here.orders) {
      if (here.payments.has(shard)) continue;
      if (parts.some((other) => other.payments.has(shard))) apart.add(shard);
    }
  }
  return [...apart].sort((a, b) => a - b);
}

async function shardsOn(book: Shelf): Promise<{ orders: number[]; payments: number[] }> {
  const gate = `${book.database('order')}.shard_gate`;
  // The gates tell owners for certain; the tables alone would show what is only left behind.
  const [orders, payments] = await Promise.all([
    book.rows<ShardRow>(`SELECT shard_no FROM ${gate} WHERE state IN (1, 2) AND epoch > 1`),
    book.rows<ShardRow>(`SELECT DISTINCT shard_no FROM ${book.database('payment')}.payment`),
  ]);
  const numbers = (rows: readonly ShardRow[]) => rows.map((row) => row.shard_no);
  return { orders: numbers(orders), payments: numbers(payments) };
}
