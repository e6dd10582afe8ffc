// How many of some charges were found by asking the provider. A question that was answered leaves an event
// of its own in the books, beside those of callbacks.
import { withBooks } from '../audit/books.js';
import type { AuditTargets } from '../audit/look.js';

export async function countFound(
  targets: AuditTargets,
  numbers: readonly string[],
): Promise<number> {
  if (numbers.length === 0) return 0;
  const wanted = numbers.map((number) => `query-${number}`);
  const rows = await withBooks(targets, (books) =>
    Promise.all(
      books.map((book) =>
        book.rows<{ event_id: string }>(
          `SELECT event_id FROM ${book.database('payment')}.provider_event WHERE event_id IN (?)`,
          [wanted],
        ),
      ),
    ),
  );
  return new Set(rows.flat().map((row) => row.event_id)).size;
}
