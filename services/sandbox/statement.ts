// The statement: every movement of money, oldest first, as JSON lines or as CSV (RFC 4180). Written piece by
// piece, so that a long one needs no more memory than a short one.

import type { Movement } from './records.js';

/** Some 100 KiB a piece: few enough pieces, and nobody else waits for long. */
const LINES_PER_PIECE = 500;

export function statementLines(movements: Iterable<Movement>): Generator<string> {
  return pieces('', movements, (movement) => `${JSON.stringify(movement)}\n`);
}

const CSV_HEAD = 'date,number,kind,reference,key,currency,amount_minor\r\n';

/** `amount_minor` is what moved, never negative; `kind` says which way. */
export function statementCsv(movements: Iterable<Movement>): Generator<string> {
  return pieces(CSV_HEAD, movements, (movement) => {
    const { at_ms, number, kind, reference, key, currency, amount_minor } = movement;
    const date = new Date(at_ms).toISOString();
    const row = [date, number, kind, reference, key, currency, String(amount_minor)];
    return `${row.map(csvField).join(',')}\r\n`;
  });
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function* pieces(
  head: string,
  movements: Iterable<Movement>,
  lineOf: (movement: Movement) => string,
): Generator<string> {
  let text = head;
  let lines = 0;
  for (const movement of movements) {
    text += lineOf(movement);
    lines += 1;
    if (lines % LINES_PER_PIECE !== 0) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
