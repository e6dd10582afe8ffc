// Pages through orders, newest first: those of a user, or, for operators, those of a state. A page
// token is the last order's id with a digest of what was asked for, so that it only continues the
// listing that it came from. It is no secret: all it could be forged for is another place in the
// same list. Its version is in front, so that a later form can tell the tokens of this one.

import type { Order, OrderState } from '../domain/order.js';
import type { OrderKeys, OrderQuery, OrderStore } from './ports.js';

export interface ListCommand {
  /** Empty for all users, which needs a state. */
  readonly userId: string;
  readonly state: OrderState | undefined;
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
  /** Whether it may be as old as a replica is behind. */
  readonly mayBeStale?: boolean;
}

export type ListResult =
  | { readonly outcome: 'LISTED'; readonly orders: Order[]; readonly nextPageToken: string }
  /** Every order of every user is no question that anybody has. */
  | { readonly outcome: 'STATE_MISSING' }
  | { readonly outcome: 'TOKEN_FOREIGN' };

const PAGE_SIZE_DEFAULT = 20;
const TOKEN_VERSION = '1';

export class ListOrders {
  readonly #orders: OrderStore;
  readonly #keys: OrderKeys;

  constructor(o: { orders: OrderStore; keys: OrderKeys }) {
    this.#orders = o.orders;
    this.#keys = o.keys;
  }

  async run(command: ListCommand, deadlineMs: number): Promise<ListResult> {
    const beforeId = command.pageToken === '' ? undefined : this.#readToken(command);
    if (command.pageToken !== '' && beforeId === undefined) return { outcome: 'TOKEN_FOREIGN' };
    const pageSize = command.pageSize > 0 ? command.pageSize : PAGE_SIZE_DEFAULT;
    // One more than a page tells whether there is another.
    const page = { beforeId, limit: pageSize + 1, mayBeStale: command.mayBeStale === true };
    const query = queryOf(command, page);
    if (query === undefined) return { outcome: 'STATE_MISSING' };
    const orders = await this.#orders.list(query, deadlineMs);
    const shown = orders.slice(0, pageSize);
    const last = shown.at(-1);
    const more = orders.length > pageSize && last;
    return {
      outcome: 'LISTED',
      orders: shown,
      nextPageToken: more ? this.#token(command, last.orderId) : '',
    };
  }

  #token(command: ListCommand, lastId: bigint): string {
    const { userId, state } = command;
    const digest = this.#keys.digest([TOKEN_VERSION, userId, state ?? '', lastId.toString()]);
    return Buffer.from(`${TOKEN_VERSION}.${lastId}.${digest}`).toString('base64url');
  }

  // Whatever else the text may hold, only the one token of its id is the same.
  #readToken(command: ListCommand): bigint | undefined {
    const [, id = ''] = Buffer.from(command.pageToken, 'base64url').toString().split('.', 2);
    const lastId = this.#keys.parseOrderId(id);
    if (lastId === undefined) return undefined;
    return this.#token(command, lastId) === command.pageToken ? lastId : undefined;
  }
}

function queryOf(
  { userId, state }: ListCommand,
  page: { beforeId: bigint | undefined; limit: number; mayBeStale: boolean },
): OrderQuery | undefined {
  if (userId !== '') return { userId, state, ...page };
  return state && { userId: undefined, state, ...page };
}
