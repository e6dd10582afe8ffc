// Pages through a user's orders, newest first. A page token is the last order's id with a digest of
// what was asked for, so that it only continues the listing that it came from. It is no secret: all
// it could be forged for is another place in the same user's list.

import type { Order, OrderState } from '../domain/order.js';
import type { OrderKeys, OrderStore } from './ports.js';

export interface ListCommand {
  readonly userId: string;
  readonly state: OrderState | undefined;
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

export type ListResult =
  | { readonly outcome: 'LISTED'; readonly orders: Order[]; readonly nextPageToken: string }
  | { readonly outcome: 'TOKEN_FOREIGN' };

const PAGE_SIZE_DEFAULT = 20;

export class ListOrders {
  readonly #orders: OrderStore;
  readonly #keys: OrderKeys;

  constructor(o: { orders: OrderStore; keys: OrderKeys }) {
    this.#orders = o.orders;
    this.#keys = o.keys;
  }

  async run(command: ListCommand, deadlineMs: number): Promise<ListResult> {
    const { userId, state } = command;
    const beforeId = command.pageToken === '' ? undefined : this.#readToken(command);
    if (command.pageToken !== '' && beforeId === undefined) return { outcome: 'TOKEN_FOREIGN' };
    const pageSize = command.pageSize > 0 ? command.pageSize : PAGE_SIZE_DEFAULT;
    // One more than a page tells whether there is another.
    const query = { userId, state, beforeId, limit: pageSize + 1 };
    const orders = await this.#orders.list(query, deadlineMs);
    const page = orders.slice(0, pageSize);
    const last = page.at(-1);
    const more = orders.length > pageSize && last;
    return {
      outcome: 'LISTED',
      orders: page,
      nextPageToken: more ? this.#token(command, last.orderId) : '',
    };
  }

  #token(command: ListCommand, lastId: bigint): string {
    const digest = this.#keys.digest([command.userId, command.state ?? '', lastId.toString()]);
    return Buffer.from(`${lastId}.${digest}`).toString('base64url');
  }

  #readToken(command: ListCommand): bigint | undefined {
    const text = Buffer.from(command.pageToken, 'base64url').toString();
    const lastId = this.#keys.parseOrderId(text.slice(0, text.indexOf('.')));
    if (lastId === undefined) return undefined;
    return this.#token(command, lastId) === command.pageToken ? lastId : undefined;
  }
}
