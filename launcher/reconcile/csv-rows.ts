// Reads CSV (RFC 4180) piece by piece: rows come out as soon as they are whole, so a long file needs no
// more memory than its longest row. Quoted fields may hold commas, quotes and line ends.

/** A row of a statement has some 200 characters. */
const ROW_CHARS_MAX = 64 * 1024;

export async function* csvRows(pieces: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = '';
  for await (const piece of pieces) {
    rest += piece;
    let end = rowEnd(rest);
    let from = 0;
    while (end !== undefined) {
      const row = rest.slice(from, end);
      if (row !== '' && row !== '\r') yield fieldsOf(row);
      from = end + 1;
      end = rowEnd(rest, from);
    }
    rest = rest.slice(from);
    if (rest.length > ROW_CHARS_MAX) throw new Error('a row of the statement does not end');
  }
  if (rest !== '') yield fieldsOf(rest);
}

/** Where the row that begins there ends: at the first line end outside quotes. */
function rowEnd(text: string, from = 0): number | undefined {
  let end = text.indexOf('\n', from);
  while (end >= 0) {
    if (quotesIn(text, from, end) % 2 === 0) return end;
    end = text.indexOf('\n', end + 1);
  }
  return undefined;
}

function quotesIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('"', from); at >= 0 && at < to; at = text.indexOf('"', at + 1)) {
    count += 1;
  }
  return count;
}

/** A field: quoted with doubled quotes in it, or anything without a comma; then a comma or the end. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/gy;

function fieldsOf(row: string): string[] {
  const text = row.endsWith('\r') ? row.slice(0, -1) : row;
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex <= text.length) {
    const match = FIELD.exec(text);
    if (match === null) throw new Error(`a row of the statement is not CSV: ${text.slice(0, 80)}`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (!match[0].endsWith(',')) break;
  }
  return fields;
}
