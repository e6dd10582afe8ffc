// Creates payment intents on one server, many calls in one statement. New intents are inserted blindly;
// only when a row was in the way are the rows read back and compared. This is on the path of every
// order, so the usual case is a single autocommitted round trip.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { insertion, type Table } from '../../../platform/mysql/insert-rows.js';
import { serverAttributes } from '../../../platform/mysql/server-span.js';
import {
  change,
  read,
  type SqlValue,
  UnavailableError,
  UnknownOutcomeError,
} from '../../../platform/mysql/transaction.js';
import { type RetryPolicy, retry } from '../../../platform/retry.js';
import { type Span, traceparentOf } from '../../../platform/telemetry/trace-context.js';
import { type CreateOutcome, compareIntent, type NewPayment } from '../../domain/create.js';
import { countEntered } from '../payment-meter.js';
import { SELECT_PAYMENTS, sortedKeys } from './load-files.js';
import { keyOf, nameOf, type PaymentRow, rowNameOf, toPayment } from './rows.js';

const PAYMENT: Table = {
  name: 'payment',
  columns: [
    ['shard_no'],
    ['order_id'],
    ['ordinal', 1],
    ['user_id'],
    ['currency'],
    ['amount_minor'],
    ['opens_ms', null],
    ['deadline_ms'],
    ['traceparent', null],
  ],
};

/** A call carries at most 1,000 items; two such calls are about 200 KiB of SQL. */
const ROWS_MAX = 2_000;
const CALLS_MAX = 512;
/** One statement on the wire while the next one gathers. */
const CONCURRENCY = 2;
/** A caller whose item has waited longer has given up on it. */
const AGE_MS_MAX = 2_000;
const CALLS_WAITING_MAX = 4_096;

/** Repeating is safe (the key decides), so a lost answer is asked for again. */
const RETRIES: RetryPolicy = { attemptsMax: 3, delayMsMin: 10, delayMsMax: 100 };

export type CreateLane = Batcher<readonly NewPayment[], CreateOutcome[]>;

export function createLane(server: MysqlServer, clock: Clock): CreateLane {
  return new Batcher<readonly NewPayment[], CreateOutcome[]>({
    name: `payment.create.${server.name}`,
    spansOf: recordedOf,
    spanName: 'payment.insert',
    spanAttributes: serverAttributes(server, 'payment.insert'),
    run: (calls, { deadlineMs }) =>
      retry(RETRIES, { clock, deadlineMs, retryable }, () => createAll(server, calls, deadlineMs)),
    itemsMax: CALLS_MAX,
    bytesMax: ROWS_MAX,
    sizeOf: (items) => items.length,
    ageMsMax: AGE_MS_MAX,
    queueMax: CALLS_WAITING_MAX,
    concurrency: CONCURRENCY,
    clock,
  });
}

function retryable(error: unknown): boolean {
  return error instanceof UnknownOutcomeError || error instanceof UnavailableError;
}

function recordedOf(call: readonly NewPayment[]): Span[] | undefined {
  if (!call.some(({ span }) => span !== undefined)) return undefined;
  return call.flatMap(({ span }) => span ?? []);
}

async function createAll(
  server: MysqlServer,
  calls: readonly (readonly NewPayment[])[],
  deadlineMs: number,
): Promise<CreateOutcome[][]> {
  const items = calls.flat();
  const rows = items.map(toRow).sort(byKey);
  const [insert, values] = insertion(PAYMENT, rows);
  const unlessThere = `${insert} ON DUPLICATE KEY UPDATE order_id = order_id`;
  const created = await change(server, { deadlineMs }, unlessThere, values);
  countEntered('NOT_STARTED', created);
  if (created === items.length) return calls.map((call) => call.map(() => 'CREATED' as const));
  const keys = sortedKeys(items);
  const found = await read<PaymentRow>(server, { deadlineMs }, SELECT_PAYMENTS, [keys]);
  const payments = new Map(found.map((row) => [rowNameOf(row), toPayment(row)]));
  return calls.map((call) =>
    call.map((item) => {
      const existing = payments.get(nameOf(item));
      return existing === undefined ? 'UNKNOWN' : compareIntent(existing, item);
    }),
  );
}

type CreateRow = [number, bigint, number, ...SqlValue[]];

function toRow(item: NewPayment): CreateRow {
  const { userId, currency, amountMinor, opensMs, deadlineMs, span } = item;
  const trace = span === undefined ? null : traceparentOf(span);
  return [...keyOf(item), userId, currency, amountMinor, opensMs ?? null, deadlineMs, trace];
}

function byKey(a: CreateRow, b: CreateRow): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return a[2] - b[2];
}
