// The provider's statement, from its address or from a file that somebody has downloaded, movement by
// movement.

import { createReadStream } from 'node:fs';
import { csvRows } from './csv-rows.js';
import { columnsOf, type Movement, movementOf } from './movement.js';

/** From the first byte to the last: a million lines take a few seconds. */
const READ_MS_MAX = 10 * 60_000;

export async function* readStatement(place: string): AsyncGenerator<Movement> {
  let columns: ReturnType<typeof columnsOf> | undefined;
  let line = 0;
  for await (const fields of csvRows(piecesOf(place))) {
    line += 1;
    if (columns === undefined) columns = columnsOf(fields);
    else yield movementOf(columns, fields, line);
  }
  // An empty answer is not a statement of nothing: that has its head.
  if (columns === undefined) throw new Error(`${place} is empty`);
}

async function* piecesOf(place: string): AsyncGenerator<string> {
  if (!/^https?:/.test(place)) {
    yield* createReadStream(place, 'utf8') as AsyncIterable<string>;
    return;
  }
  const response = await fetch(place, { signal: AbortSignal.timeout(READ_MS_MAX) });
  if (!response.ok || response.body === null) {
    throw new Error(`${place} answers ${response.status} instead of a statement`);
  }
  yield* response.body.pipeThrough(new TextDecoderStream()) as AsyncIterable<string>;
}
