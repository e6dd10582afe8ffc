// Sends operations to the inventory service in small batches and writes down what it hears. A call
// that fails leaves each of its operations open, never refused; only a word of the contract settles
// one. An error that the contract does not know is written down as what it is: a bug.

import { status } from '@grpc/grpc-js';
import {
  CloseOutcome,
  InventoryService,
  ReserveOutcome,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { type Client, connectClient } from '../../../services/platform/rpc/client.js';
import { RpcError } from '../../../services/platform/rpc/errors.js';
import type { Attempt, AttemptType, History, Op, Verb } from '../history.js';

/** What the order service gives a reserve within its own deadline. */
export const CALL_MS_MAX = 2_000;

/** Codes that say "try again"; any other without a reason is a bug in the service. */
const TRANSIENT: readonly status[] = [
  status.UNAVAILABLE,
  status.RESOURCE_EXHAUSTED,
  status.DEADLINE_EXCEEDED,
];
/** Outcome word of an error that no caller should ever see. */
export const BUG = 'BUG';

type Answer = { type: AttemptType; outcome: string; orderId?: string };

export class Caller {
  readonly #client: Client<typeof InventoryService> & { close(): void };
  readonly #history: History;

  constructor(o: { addresses: readonly string[]; history: History }) {
    this.#client = connectClient(InventoryService, { addresses: o.addresses });
    this.#history = o.history;
  }

  /** One attempt per operation, all of one verb, in one call. Never throws. */
  async send(verb: Verb, ops: readonly Op[]): Promise<Attempt[]> {
    const attempts = ops.map((op) => this.#history.invoke(op, CALL_MS_MAX));
    const o = { deadlineMs: Date.now() + CALL_MS_MAX };
    let answers: readonly Answer[];
    try {
      answers = await this.#call(verb, ops, o);
    } catch (error) {
      answers = ops.map(() => failure(verb, error));
    }
    attempts.forEach((attempt, i) => {
      const { type, outcome, orderId } = answers[i] ?? OPEN;
      this.#history.settle(attempt, type, outcome, orderId);
    });
    return attempts;
  }

  close(): void {
    this.#client.close();
  }

  async #call(verb: Verb, ops: readonly Op[], o: { deadlineMs: number }): Promise<Answer[]> {
    switch (verb) {
      case 'reserve':
        return this.#reserve(ops, o);
      case 'release': {
        const { outcomes } = await this.#client.batchRelease({ reservations: refs(ops) }, o);
        return outcomes.map(closeAnswer);
      }
      case 'confirm': {
        const { outcomes } = await this.#client.batchConfirm({ reservations: refs(ops) }, o);
        return outcomes.map(closeAnswer);
      }
      case 'restock':
        return Promise.all(ops.map((op) => this.#restock(op, o)));
    }
  }

  async #reserve(ops: readonly Op[], o: { deadlineMs: number }): Promise<Answer[]> {
    const items = ops.map(({ id, orderId, userId, lines }) => ({
      reservationId: id,
      orderId,
      userId,
      lines: lines.map((line) => ({ ...line })),
    }));
    const { results } = await this.#client.batchReserve({ items }, o);
    return results.map((result) => {
      const outcome = ReserveOutcome[result.outcome] ?? 'UNSPECIFIED';
      return { type: RESERVE_TYPE[result.outcome], outcome, orderId: result.orderId };
    });
  }

  async #restock(op: Op, o: { deadlineMs: number }): Promise<Answer> {
    const [line] = op.lines;
    try {
      await this.#client.restock(
        {
          requestId: op.id,
          skuId: line?.skuId ?? '',
          delta: BigInt(line?.quantity ?? 0),
          reason: 'chaos',
        },
        o,
      );
      return { type: 'ok', outcome: 'DONE' };
    } catch (error) {
      return failure('restock', error);
    }
  }
}

const OPEN: Answer = { type: 'info', outcome: 'NO_ANSWER' };

const RESERVE_TYPE = {
  [ReserveOutcome.UNSPECIFIED]: 'info',
  [ReserveOutcome.RESERVED]: 'ok',
  [ReserveOutcome.DUPLICATE]: 'ok',
  [ReserveOutcome.SOLD_OUT]: 'fail',
  [ReserveOutcome.USER_LIMIT]: 'fail',
  [ReserveOutcome.CLOSED]: 'fail',
  [ReserveOutcome.REQUEST_ID_REUSED]: 'fail',
  [ReserveOutcome.SKU_UNKNOWN]: 'fail',
  [ReserveOutcome.UNKNOWN]: 'info',
  [ReserveOutcome.OVERLOADED]: 'info',
} as const satisfies Record<ReserveOutcome, AttemptType>;

function closeAnswer(outcome: CloseOutcome): Answer {
  const word = CloseOutcome[outcome] ?? 'UNSPECIFIED';
  if (outcome === CloseOutcome.DONE) return { type: 'ok', outcome: word };
  const open = outcome === CloseOutcome.UNKNOWN || outcome === CloseOutcome.UNSPECIFIED;
  return { type: open ? 'info' : 'fail', outcome: word };
}

/** A restock is refused by an error with a reason; the batches carry their refusals inside. */
function failure(verb: Verb, error: unknown): Answer {
  if (!(error instanceof RpcError)) return { type: 'info', outcome: `${BUG} ${String(error)}` };
  if (TRANSIENT.includes(error.code)) {
    return { type: 'info', outcome: error.reason || (status[error.code] ?? 'UNAVAILABLE') };
  }
  if (cutOff(error)) return { type: 'info', outcome: 'CONNECTION_LOST' };
  if (verb === 'restock' && error.reason !== '') return { type: 'fail', outcome: error.reason };
  return { type: 'info', outcome: `${BUG} ${status[error.code]} ${error.message}` };
}

/** The driver calls a connection that broke under a call INTERNAL; a service masks its own bugs. */
function cutOff(error: RpcError): boolean {
  return error.code === status.INTERNAL && error.message.startsWith('Received RST_STREAM');
}

function refs(ops: readonly Op[]) {
  return ops.map(({ id, orderId, lines }) => ({
    reservationId: id,
    orderId,
    skuIds: lines.map((line) => line.skuId),
  }));
}
