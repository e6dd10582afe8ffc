// Applies decisions to the payments of one server: many decisions share one transaction.
//
// 1. Lock and read the payments of the batch.
// 2. Decide one after the other; each sees what the ones before it have changed.
// 3. Write all changes and their news, commit, hand the news over.
//
// A batch is decided again from the beginning after a lost lock or an unanswered COMMIT, which is safe
// because every decision looks for its own key first. A decision that throws spoils only itself; when a
// statement is refused, the batch is taken apart, so that one poisoned change stops nobody else.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import { serverSpan } from '../../../platform/mysql/server-span.js';
import {
  type Tx,
  transact,
  UnavailableError,
  UnknownOutcomeError,
} from '../../../platform/mysql/transaction.js';
import { type RetryPolicy, retry } from '../../../platform/retry.js';
import type { Traced } from '../../../platform/telemetry/trace-context.js';
import type { PaymentState } from '../../domain/payment.js';
import { applyChange, type Decide } from '../../domain/payment-file.js';
import { countEntered } from '../payment-meter.js';
import { ChangeSet } from './change-set.js';
import { eventKey, loadFiles, type Wanted } from './load-files.js';
import { nameOf } from './rows.js';

export interface UpdateCommand extends Wanted, Traced {
  readonly decide: Decide<unknown>;
}

export type Settled = { ok: true; result: unknown } | { ok: false; error: unknown };

export type UpdateLane = Batcher<UpdateCommand, Settled>;

export interface UpdateLaneOptions {
  readonly server: MysqlServer;
  readonly outbox: Pick<Outbox, 'append' | 'deliver'>;
  readonly clock: Clock;
}

/** Each changes up to five tables; 256 keep a commit below some 20 ms. */
const ITEMS_MAX = 256;
const CONCURRENCY = 2;
const AGE_MS_MAX = 2_000;
const QUEUE_MAX = 20_000;
const RETRIES: RetryPolicy = { attemptsMax: 3, delayMsMin: 10, delayMsMax: 100 };

export function updateLane(o: UpdateLaneOptions): UpdateLane {
  return new Batcher<UpdateCommand, Settled>({
    name: `payment.update.${o.server.name}`,
    run: (commands, { deadlineMs }) => settleAll(o, commands, deadlineMs),
    ...serverSpan(o.server, 'payment.update'),
    itemsMax: ITEMS_MAX,
    ageMsMax: AGE_MS_MAX,
    queueMax: QUEUE_MAX,
    concurrency: CONCURRENCY,
    clock: o.clock,
  });
}

async function settleAll(
  o: UpdateLaneOptions,
  commands: readonly UpdateCommand[],
  deadlineMs: number,
): Promise<Settled[]> {
  try {
    return await commitAll(o, commands, deadlineMs);
  } catch (error) {
    const outage = error instanceof UnavailableError || error instanceof UnknownOutcomeError;
    if (outage || commands.length === 1) return commands.map(() => ({ ok: false, error }));
    const settled: Settled[] = [];
    for (const command of commands) settled.push(...(await settleAll(o, [command], deadlineMs)));
    return settled;
  }
}

async function commitAll(
  { server, outbox, clock }: UpdateLaneOptions,
  commands: readonly UpdateCommand[],
  deadlineMs: number,
): Promise<Settled[]> {
  const retryable = (error: unknown) => error instanceof UnknownOutcomeError;
  const { settled, news, entered } = await retry(RETRIES, { clock, deadlineMs, retryable }, () =>
    transact(
      server,
      // Two batches may insert the same new row; the second finds it when it reads again.
      { name: 'payment.update', deadlineMs, duplicateKeyRetries: true },
      (tx) => decideAll(tx, outbox, commands),
    ),
  );
  for (const state of entered) countEntered(state);
  if (news.length > 0) outbox.deliver(news);
  return settled;
}

async function decideAll(
  tx: Tx,
  outbox: Pick<Outbox, 'append'>,
  commands: readonly UpdateCommand[],
): Promise<{ settled: Settled[]; news: OutboxEvent[]; entered: PaymentState[] }> {
  const { nowMs, files, eventsSeen } = await loadFiles(tx, commands);
  const changes = new ChangeSet(nowMs);
  const settled = commands.map(({ payment, eventId, decide, span }): Settled => {
    const event = eventId === undefined ? undefined : eventKey(payment.orderId, eventId);
    const name = nameOf(payment);
    const file = files.get(name);
    try {
      const eventSeen = event !== undefined && eventsSeen.has(event);
      const { result, change } = decide(file, { nowMs, eventSeen });
      if (change === undefined) return { ok: true, result };
      // What nobody records by itself belongs to the trace of its order, if that is recorded.
      changes.add(payment, file, change, span ?? file?.payment.trace);
      const next = applyChange(file, change);
      if (next !== undefined) files.set(name, next);
      if (change.event && event !== undefined) eventsSeen.add(event);
      return { ok: true, result };
    } catch (error) {
      return { ok: false, error };
    }
  });
  changes.write(tx, outbox);
  return { settled, news: changes.news, entered: changes.entered };
}
