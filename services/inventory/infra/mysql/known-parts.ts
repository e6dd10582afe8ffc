// Looks up requests that the gate refused without knowing all past ones: were they granted before?

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { read, type SqlParameter } from '../../../platform/mysql/transaction.js';
import { type KnownResult, type Part, partKey } from '../../domain/reservation.js';
import { answerKnown } from '../../domain/settle.js';
import { readParts } from './rows.js';

/** One answer per part, in the same order: point reads by primary key, in one statement. */
export async function readKnown(
  server: MysqlServer,
  parts: readonly Part[],
  o: { deadlineMs: number },
): Promise<(KnownResult | undefined)[]> {
  const query = {
    rows: <T>(sql: string, values: readonly SqlParameter[] = []) => read<T>(server, o, sql, values),
  };
  const keys = parts.map((part) => [part.partition, part.reservationId] as const);
  const held = await readParts(query, inShards('reservation_id', keys));
  return parts.map((part) => {
    const known = held.get(partKey(part));
    return known && answerKnown(known, part);
  });
}
