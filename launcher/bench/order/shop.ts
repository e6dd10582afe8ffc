// What the order service's measurements share: the offers, the client, and the orders of this
// round, which the measurements of reads and changes then use up.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  GetStockRequestSchema,
  RestockRequestSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import {
  PaymentRecordOutcome,
  PutOfferRequestSchema,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import { SERVICE as INVENTORY } from '../inventory/messages.js';
import type { Lab } from '../lab.js';
import type { Load } from '../measure.js';
import { countPacked } from '../outcomes.js';
import { RawClient } from '../raw-client.js';
import {
  CreateTemplate,
  type MethodById,
  type Placed,
  paidRecords,
  readPlaced,
  requestById,
  SERVICE,
} from './messages.js';

/**
 * Of everything but the naive path, the empty call too: another number would be another unit. With half
 * as many two processors idle for a seventh of the time, and then latency is measured in place of
 * what the machine can carry; with twice as many, callers only wait longer.
 */
export const CALLS = 512;
/** As many as the naive path can have transactions, see parts/. */
const NAIVE_CALLS = 64;
const HOT = 'bench-order-hot';
const LIMITED = 'bench-order-limited';
const GONE = 'bench-order-gone';
const SOLD_OUT = `0 left of ${GONE}`;
const UNITS = 1_000_000_000;
const PRICE = { currency: 'EUR', amountMinor: 1_999n };
/** Above one, so that the limit is kept in mind but refuses nobody. */
const USER_LIMIT = 5;
/** The contract's limit. */
const RECORDS_MAX = 1_000;

interface PlacedRequest {
  readonly request: Buffer;
  readonly orderId: string;
}

export class Shop {
  readonly #order: RawClient;
  readonly #inventory: RawClient;
  readonly #naive: RawClient;
  readonly #hot = new CreateTemplate({ skuIds: [HOT] });
  readonly #limited = new CreateTemplate({ skuIds: [LIMITED] });
  readonly #gone = new CreateTemplate({ skuIds: [GONE] });
  /** Of this round, neither paid nor cancelled. */
  #placed: PlacedRequest[] = [];
  #shipped: string[] = [];

  constructor(lab: Pick<Lab, 'order' | 'inventory' | 'naive'>) {
    this.#order = new RawClient(lab.order);
    this.#inventory = new RawClient(lab.inventory);
    this.#naive = new RawClient(lab.naive.order === undefined ? [] : [lab.naive.order]);
  }

  async open(): Promise<void> {
    await this.offer(HOT, UNITS);
    await this.offer(LIMITED, UNITS, USER_LIMIT);
    await this.offer(GONE, 1);
    await this.place(this.#gone);
  }

  /** As long as the messages of createOrder(), measured with one. */
  async messageBytes(): Promise<{ requestBytes: number; responseBytes: number }> {
    const request = this.#hot.next();
    const response = await this.#order.call(`${SERVICE}/CreateOrder`, request);
    return { requestBytes: request.length, responseBytes: response.length };
  }

  /** Whole orders of one hot SKU: reserved, stored, with their payment intents. */
  createOrder(): Load {
    this.#placed = [];
    const call = async () => {
      const request = this.#hot.next();
      const { orderId, duplicate } = await this.#create(request);
      if (duplicate) return 0;
      this.#placed.push({ request, orderId });
      return 1;
    };
    return { concurrency: CALLS, call };
  }

  /** The same of a SKU with a limit per buyer. */
  createLimited(): Load {
    return this.createLike(this.#limited);
  }

  /** New orders of any shape; nothing more is done with these. */
  createLike(template: CreateTemplate): Load {
    const call = async () => ((await this.place(template)).duplicate ? 0 : 1);
    return { concurrency: CALLS, call };
  }

  /** What createOrder() does, without batches. */
  naive(): Load {
    const call = async () => {
      const answer = await this.#naive.call(`${SERVICE}/CreateOrder`, this.#hot.next());
      return readPlaced(answer).duplicate ? 0 : 1;
    };
    return { concurrency: NAIVE_CALLS, call };
  }

  soldOut(): Load {
    const call = async () => {
      const refusal = await this.#order.refusal(`${SERVICE}/CreateOrder`, this.#gone.next());
      return refusal === SOLD_OUT ? 1 : 0;
    };
    return { concurrency: CALLS, call };
  }

  /** The requests of this round once more. */
  duplicate(): Load {
    let next = 0;
    const call = async () => {
      const placed = this.#placed[next++ % this.#placed.length];
      if (placed === undefined) return undefined;
      const { orderId, duplicate } = await this.#create(placed.request);
      return duplicate && orderId === placed.orderId ? 1 : 0;
    };
    return { concurrency: CALLS, call };
  }

  /** Of this round's orders, over and over; or of those that `pick` names. */
  getOrder(pick?: () => string): Load {
    let next = 0;
    const own = () => this.#placed[next++ % this.#placed.length]?.orderId;
    return this.#byId('GetOrder', pick ?? own);
  }

  getStock(): Load {
    const message = create(GetStockRequestSchema, { skuId: HOT });
    const request = Buffer.from(toBinary(GetStockRequestSchema, message));
    const call = async () => {
      await this.#inventory.call(`${INVENTORY}/GetStock`, request);
      return 1;
    };
    return { concurrency: CALLS, call };
  }

  /** Half of this round's orders, as long as there are any; they are paid beforehand. */
  async shipOrder(): Promise<Load> {
    const half = Math.floor(this.#placed.length / 2);
    const paid = this.#placed.splice(0, half).map(({ orderId }) => orderId);
    await this.#pay(paid);
    this.#shipped = [];
    const next = () => paid.pop();
    return this.#byId('ShipOrder', next, (orderId) => this.#shipped.push(orderId));
  }

  deliverOrder(): Load {
    return this.#byId('DeliverOrder', () => this.#shipped.pop());
  }

  /** What nobody has paid. */
  cancelOrder(): Load {
    return this.#byId('CancelOrder', () => this.#placed.pop()?.orderId);
  }

  place(template: CreateTemplate): Promise<Placed> {
    return this.#create(template.next());
  }

  /** Why a new order was refused; undefined when it was placed. */
  refusalOf(template: CreateTemplate): Promise<string | undefined> {
    return this.#order.refusal(`${SERVICE}/CreateOrder`, template.next());
  }

  async offer(skuId: string, units = UNITS, userLimit = 0): Promise<void> {
    const offer = { skuId, title: 'Benchmark', unitPrice: PRICE, userLimit };
    const put = toBinary(PutOfferRequestSchema, create(PutOfferRequestSchema, { offer }));
    await this.#order.call(`${SERVICE}/PutOffer`, Buffer.from(put));
    const restock = { requestId: `${skuId}-fill`, skuId, delta: BigInt(units), reason: 'bench' };
    const fill = toBinary(RestockRequestSchema, create(RestockRequestSchema, restock));
    await this.#inventory.call(`${INVENTORY}/Restock`, Buffer.from(fill));
  }

  close(): void {
    this.#order.close();
    this.#inventory.close();
    this.#naive.close();
  }

  async #create(request: Buffer): Promise<Placed> {
    return readPlaced(await this.#order.call(`${SERVICE}/CreateOrder`, request));
  }

  #byId(
    method: MethodById,
    next: () => string | undefined,
    done: (orderId: string) => void = () => {},
  ): Load {
    const call = async () => {
      const orderId = next();
      if (orderId === undefined) return undefined;
      await this.#order.call(`${SERVICE}/${method}`, requestById(method, orderId));
      done(orderId);
      return 1;
    };
    return { concurrency: CALLS, call };
  }

  async #pay(orderIds: readonly string[]): Promise<void> {
    for (let from = 0; from < orderIds.length; from += RECORDS_MAX) {
      const some = orderIds.slice(from, from + RECORDS_MAX);
      const answer = await this.#order.call(`${SERVICE}/RecordPayment`, paidRecords(some, PRICE));
      const recorded = countPacked(answer, PaymentRecordOutcome.RECORDED);
      if (recorded !== some.length) throw new Error(`${recorded} of ${some.length} were paid`);
    }
  }
}
