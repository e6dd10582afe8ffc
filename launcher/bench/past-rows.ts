// How tables are filled with what a long life would leave in them: rows made of a table of numbers
// by the server itself, in the order of their keys, with ids spread over all that new ids may be.
import type { Connection } from 'mysql2/promise';

/** How the base64url letters of ids sort in MySQL's tables. */
const LETTERS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
/** Ids are spread over their first three letters: 64^3 places. */
const PLACES = LETTERS.length ** 3;

/** A table of the numbers 1 to at least `count`, doubled until it is long enough. */
export async function makeNumbers(connection: Connection, count: number): Promise<void> {
  await connection.query('CREATE TABLE IF NOT EXISTS bench_number (n INT PRIMARY KEY)');
  await connection.query('INSERT IGNORE INTO bench_number VALUES (1)');
  for (;;) {
    const [rows] = await connection.query('SELECT MAX(n) AS most FROM bench_number');
    const most = Number((rows as { most: number }[])[0]?.most ?? 0);
    if (most >= count) return;
    await connection.query('INSERT INTO bench_number SELECT n + ? FROM bench_number', [most]);
  }
}

/**
 * SQL for the first three letters of the id of row `n` of `count`, ascending, as CONCAT takes them.
 */
export function placeLetters(count: number): string {
  const letter = (unit: number) =>
    `SUBSTR('${LETTERS}', 1 + (n * ${PLACES} DIV ${count + 1} DIV ${unit}) % 64, 1)`;
  return [4096, 64, 1].map(letter).join(', ');
}
