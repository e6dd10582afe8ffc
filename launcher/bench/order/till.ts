// Paid orders from end to end: placed, charged by the provider, told by its callback, recorded by
// the order service, confirmed by inventory. The last step shows as one number in one row of stock,
// and is looked for there: asking for each order would cost more than a part of what is measured.
import mysql, { type Connection } from 'mysql2/promise';
import { SHARDS, shardOf } from '../../../services/platform/shard.js';
import type { Lab } from '../lab.js';
import type { Load } from '../measure.js';
import { RawClient } from '../raw-client.js';
import { CreateTemplate, startPayment } from './messages.js';
import { CALLS, type Shop } from './shop.js';

const SKU = 'bench-order-paid';
const START_PAYMENT = '/spillway.payment.v1.PaymentService/StartPayment';
/** A small part of what a payment takes, and 100 reads of one row a second are next to nothing. */
const LOOK_INTERVAL_MS = 10;
/** Callbacks, retries and the relay of an outbox together take less. */
const CONFIRMED_MS_MAX = 20_000;

export class Till {
  readonly #shop: Shop;
  readonly #payment: RawClient;
  readonly #stock: Connection;
  readonly #template = new CreateTemplate({ skuIds: [SKU] });
  /** In the order in which they were paid; so they are taken to be confirmed. */
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #sold = 0;
  /**
   * Confirmed, and nobody has waited for it yet: the row may be quicker than StartPayment's answer.
   */
  #credit = 0;
  #timer: NodeJS.Timeout | undefined;
  #progressMs = 0;

  static async open(lab: Lab, shop: Shop): Promise<Till> {
    await shop.offer(SKU);
    // Shards lie on servers in equal runs, as the launcher's own shard map has it.
    const server = Math.floor((shardOf(SKU) * lab.mysqlUrls.length) / SHARDS);
    const uri = lab.mysqlUrls[server] ?? '';
    const stock = await mysql.createConnection({ uri, database: 'spillway_inventory' });
    return new Till(shop, new RawClient(lab.payment), stock);
  }

  private constructor(shop: Shop, payment: RawClient, stock: Connection) {
    this.#shop = shop;
    this.#payment = payment;
    this.#stock = stock;
  }

  load(): Load {
    const call = async () => {
      const { orderId } = await this.#shop.place(this.#template);
      const refusal = await this.#payment.refusal(START_PAYMENT, startPayment(orderId));
      if (refusal !== undefined) return 0;
      await this.#confirmed();
      return 1;
    };
    return { concurrency: CALLS, call };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#payment.close();
    this.#stock.destroy();
  }

  #confirmed(): Promise<void> {
    if (this.#credit > 0) {
      this.#credit -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#timer !== undefined) return;
      this.#progressMs = performance.now();
      this.#lookLater();
    });
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      this.#look().catch((error: Error) => this.#fail(error));
    }, LOOK_INTERVAL_MS);
  }

  async #look(): Promise<void> {
    const [rows] = await this.#stock.query(
      'SELECT sold FROM stock WHERE shard_no = ? AND sku_id = ?',
      [shardOf(SKU), SKU],
    );
    const sold = Number((rows as { sold: number }[])[0]?.sold ?? 0);
    const nowMs = performance.now();
    if (sold > this.#sold) this.#progressMs = nowMs;
    const resolved = this.#waiting.splice(0, this.#credit + sold - this.#sold);
    this.#credit += sold - this.#sold - resolved.length;
    this.#sold = sold;
    for (const { resolve } of resolved) resolve();
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    if (nowMs - this.#progressMs > CONFIRMED_MS_MAX) {
      throw new Error(`${this.#waiting.length} paid orders are not confirmed`);
    }
    this.#lookLater();
  }

  #fail(error: Error): void {
    this.#timer = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
