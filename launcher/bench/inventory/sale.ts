// What inventory's measurements share: SKUs made by Restock, the client, and the reservations of
// this round, which the measurements of duplicates, confirms and releases then use up.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  CloseOutcome,
  GetStockRequestSchema,
  ReserveOutcome,
  RestockRequestSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import type { Lab } from '../lab.js';
import type { Load } from '../measure.js';
import { countPacked, countResults } from '../outcomes.js';
import { RawClient } from '../raw-client.js';
import { closingTemplate, ReserveTemplate, SERVICE } from './messages.js';

/** Two settle batches of one server; several calls in flight keep gate and arbiter both at work. */
const ITEMS = 500;
const CALLS = 4;
const UNARY_CALLS = 64;
const HOT = 'bench-hot';
const GONE = 'bench-gone';
const UNITS = 1_000_000_000;

export class Sale {
  readonly #inventory: RawClient;
  readonly #naive: RawClient;
  readonly #hot = new ReserveTemplate({ items: ITEMS, skuId: HOT });
  readonly #single = new ReserveTemplate({ items: 1, skuId: HOT });
  readonly #gone = new ReserveTemplate({ items: ITEMS, skuId: GONE });
  readonly #closing = closingTemplate(ITEMS, HOT);
  /** Requests that were answered RESERVED, whole. */
  #reserved: Buffer[] = [];

  constructor(lab: Pick<Lab, 'inventory' | 'naive'>) {
    this.#inventory = new RawClient(lab.inventory);
    this.#naive = new RawClient(lab.naive.inventory === undefined ? [] : [lab.naive.inventory]);
  }

  async open(): Promise<void> {
    await this.restock(HOT, UNITS);
    await this.restock(GONE, 1);
    const last = new ReserveTemplate({ items: 1, skuId: GONE });
    await this.#reserve(this.#inventory, last.next(), ReserveOutcome.RESERVED);
  }

  async restock(skuId: string, units: number): Promise<void> {
    const request = { requestId: `${skuId}-fill`, skuId, delta: BigInt(units), reason: 'bench' };
    const message = create(RestockRequestSchema, request);
    const bytes = Buffer.from(toBinary(RestockRequestSchema, message));
    await this.#inventory.call(`${SERVICE}/Restock`, bytes);
  }

  /** Settled reservations of one hot SKU. */
  reserveHot(): Load {
    this.#reserved = [];
    return batches(async () => {
      const request = this.#hot.next();
      const done = await this.#reserve(this.#inventory, request, ReserveOutcome.RESERVED);
      if (done === ITEMS) this.#reserved.push(request);
      return done;
    });
  }

  /** The same, each reservation with a call, a script and a transaction of its own. */
  naive(): Load {
    const call = () => this.#reserve(this.#naive, this.#single.next(), ReserveOutcome.RESERVED);
    return { concurrency: UNARY_CALLS, call };
  }

  soldOut(): Load {
    return batches(() =>
      this.#reserve(this.#inventory, this.#gone.next(), ReserveOutcome.SOLD_OUT),
    );
  }

  /** The requests of this round once more. */
  duplicate(): Load {
    let next = 0;
    return batches(async () => {
      const request = this.#reserved[next++ % this.#reserved.length];
      if (request === undefined) return undefined;
      return await this.#reserve(this.#inventory, request, ReserveOutcome.DUPLICATE);
    });
  }

  /** Half of this round's reservations, as long as there are any. */
  confirm(): Load {
    return this.#close('BatchConfirm', Math.floor(this.#reserved.length / 2));
  }

  release(): Load {
    return this.#close('BatchRelease', this.#reserved.length);
  }

  getStock(): Load {
    const message = create(GetStockRequestSchema, { skuId: HOT });
    const request = Buffer.from(toBinary(GetStockRequestSchema, message));
    const call = async () => {
      await this.#inventory.call(`${SERVICE}/GetStock`, request);
      return 1;
    };
    return { concurrency: UNARY_CALLS, call };
  }

  /** Answers how many items were reserved. */
  reserve(request: Buffer): Promise<number> {
    return this.#reserve(this.#inventory, request, ReserveOutcome.RESERVED);
  }

  close(): void {
    this.#inventory.close();
    this.#naive.close();
  }

  #close(method: 'BatchConfirm' | 'BatchRelease', count: number): Load {
    const requests = this.#reserved
      .splice(0, count)
      .map((reserved) => this.#hot.closing(reserved, this.#closing));
    return batches(async () => {
      const request = requests.pop();
      if (request === undefined) return undefined;
      const answer = await this.#inventory.call(`${SERVICE}/${method}`, request);
      return countPacked(answer, CloseOutcome.DONE);
    });
  }

  async #reserve(client: RawClient, request: Buffer, outcome: ReserveOutcome): Promise<number> {
    const answer = await client.call(`${SERVICE}/BatchReserve`, request);
    return countResults(answer, outcome);
  }
}

function batches(call: Load['call']): Load {
  return { concurrency: CALLS, call };
}
