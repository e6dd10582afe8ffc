// The outboxes: effects that are decided and not yet delivered. Waiting ones are work in progress
// and counted; parked ones wait for a person and are problems.
import { type Book, countsHere } from './books.js';
import { type Problem, problem } from './problem.js';

export interface OutboxFound {
  readonly waiting: number;
  readonly problems: readonly Problem[];
}

/** Rows per server. A thousand parked rows have one cause. */
const ROWS_MAX = 1_000;

export async function readOutbox(book: Book): Promise<OutboxFound> {
  const problems: Problem[] = [];
  let waiting = 0;
  for (const service of ['order', 'payment'] as const) {
    const table = `${book.database(service)}.outbox`;
    const here = service === 'order' ? `AND ${countsHere(book, 'outbox')}` : '';
    const [count] = await book.rows<{ waiting: number | string }>(
      `SELECT COUNT(*) AS waiting FROM ${table} WHERE parked_reason IS NULL ${here}`,
    );
    waiting += Number(count?.waiting ?? 0);
    const parked = await book.rows<{ aggregate_id: string; kind: string; parked_reason: string }>(
      `SELECT aggregate_id, kind, parked_reason FROM ${table} WHERE parked_reason IS NOT NULL ${here}
       ORDER BY shard_no, aggregate_id, version, kind LIMIT ${ROWS_MAX}`,
    );
    for (const row of parked) {
      const detail = `${row.kind} is parked: ${row.parked_reason}`;
      problems.push(problem('OUTBOX', `${service} ${row.aggregate_id}`, detail));
    }
  }
  return { waiting, problems };
}
