// The payment store on sharded MySQL: sends each item to the lanes of the server that owns its shard.

import { assert } from '../../../platform/assert.js';
import { Batcher } from '../../../platform/batcher.js';
import { type Clock, systemClock } from '../../../platform/clock.js';
import { geneOf } from '../../../platform/ids.js';
import type { Log } from '../../../platform/log.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import type { Outbox } from '../../../platform/mysql/outbox.js';
import { read } from '../../../platform/mysql/transaction.js';
import type { PaymentStore, UpdateTarget } from '../../app/ports.js';
import type { CreateOutcome, NewPayment } from '../../domain/create.js';
import type { Payment } from '../../domain/payment.js';
import type { Decide } from '../../domain/payment-file.js';
import type { PaymentKey } from '../../domain/payment-id.js';
import { type CreateLane, createLane } from './create-lane.js';
import { SELECT_PAYMENTS, sortedKeys } from './load-files.js';
import { nameOf, type PaymentRow, rowNameOf, toPayment } from './rows.js';
import { type UpdateLane, updateLane } from './update-lane.js';

interface Lanes {
  readonly create: CreateLane;
  readonly update: UpdateLane;
  readonly get: Batcher<PaymentKey, Payment | undefined>;
}

/** Reads are cheap and share one statement; the bounds are those of the other lanes. */
const READS_MAX = 512;
const READS_WAITING_MAX = 20_000;
const READ_AGE_MS_MAX = 2_000;

export interface PaymentStoreOptions {
  readonly shards: ShardMap;
  readonly outbox: Pick<Outbox, 'append' | 'deliver'>;
  readonly log: Log;
  readonly clock?: Clock;
}

export class MysqlPaymentStore implements PaymentStore {
  readonly #shards: ShardMap;
  readonly #log: Log;
  readonly #lanes: ReadonlyMap<MysqlServer, Lanes>;

  constructor({ shards, outbox, log, clock = systemClock }: PaymentStoreOptions) {
    this.#shards = shards;
    this.#log = log;
    this.#lanes = new Map(
      shards.servers.map((server) => [
        server,
        {
          create: createLane(server, clock),
          update: updateLane({ server, outbox, clock }),
          get: getLane(server, clock),
        },
      ]),
    );
  }

  /** A server that does not answer makes its own items UNKNOWN, not those of the others. */
  async create(items: readonly NewPayment[], deadlineMs: number): Promise<CreateOutcome[]> {
    const outcomes = new Array<CreateOutcome>(items.length).fill('UNKNOWN');
    const places = new Map<MysqlServer, number[]>();
    for (let i = 0; i < items.length; i++) {
      const server = this.#serverOf((items[i] as NewPayment).orderId);
      const group = places.get(server);
      if (group) group.push(i);
      else places.set(server, [i]);
    }
    await Promise.all(
      [...places].map(async ([server, indexes]) => {
        const part = indexes.map((i) => items[i] as NewPayment);
        try {
          const answers = await this.#lanesOf(server).create.add(part, deadlineMs);
          for (const [k, i] of indexes.entries()) outcomes[i] = answers[k] ?? 'UNKNOWN';
        } catch (error) {
          this.#log.warn({ err: error, items: part.length }, 'payments not created');
        }
      }),
    );
    return outcomes;
  }

  get(key: PaymentKey, deadlineMs: number): Promise<Payment | undefined> {
    return this.#lanesOf(this.#serverOf(key.orderId)).get.add(key, deadlineMs);
  }

  async update<R>(target: UpdateTarget, decide: Decide<R>): Promise<R> {
    const { payment, eventId, deadlineMs, span } = target;
    const { update } = this.#lanesOf(this.#serverOf(payment.orderId));
    const settled = await update.add({ payment, eventId, decide, span }, deadlineMs);
    if (!settled.ok) throw settled.error;
    return settled.result as R;
  }

  /** Refuses new work and finishes what was accepted. */
  async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    await Promise.all(lanes.flatMap((l) => [l.create.stop(), l.update.stop(), l.get.stop()]));
  }

  #serverOf(orderId: bigint): MysqlServer {
    return this.#shards.serverOf(geneOf(orderId));
  }

  #lanesOf(server: MysqlServer): Lanes {
    const lanes = this.#lanes.get(server);
    assert(lanes, `no lanes for ${server.name}`);
    return lanes;
  }
}

function getLane(server: MysqlServer, clock: Clock): Batcher<PaymentKey, Payment | undefined> {
  return new Batcher<PaymentKey, Payment | undefined>({
    name: `payment.get.${server.name}`,
    run: async (wanted, { deadlineMs }) => {
      const keys = sortedKeys(wanted);
      const rows = await read<PaymentRow>(server, { deadlineMs }, SELECT_PAYMENTS, [keys]);
      const payments = new Map(rows.map((row) => [rowNameOf(row), toPayment(row)]));
      return wanted.map((key) => payments.get(nameOf(key)));
    },
    itemsMax: READS_MAX,
    ageMsMax: READ_AGE_MS_MAX,
    queueMax: READS_WAITING_MAX,
    concurrency: 2,
    clock,
  });
}
