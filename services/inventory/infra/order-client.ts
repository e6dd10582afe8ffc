// Asks the order service what became of orders. Many processes ask rarely, so one call is one batch.

import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type OrderResolution,
  OrderService,
  OrderFate as WireFate,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import type { Log } from '../../platform/log.js';
import { type Client, connectClient } from '../../platform/rpc/client.js';
import type { OrderFate, Orders } from '../app/ports.js';

export class OrderClient implements Orders {
  readonly #client: Client<typeof OrderService> & { close(): void };
  readonly #log: Log;

  constructor(o: { addresses: readonly string[]; log: Log }) {
    this.#client = connectClient(OrderService, { addresses: o.addresses });
    this.#log = o.log;
  }

  async resolve(
    orderIds: readonly string[],
    deadlineMs: number,
  ): Promise<(OrderFate | undefined)[]> {
    try {
      const reply = await this.#client.resolveOrders({ orderIds: [...orderIds] }, { deadlineMs });
      const byId = new Map(reply.resolutions.map((one) => [one.orderId, toFate(one)]));
      return orderIds.map((orderId) => byId.get(orderId));
    } catch (error) {
      this.#log.warn({ err: error }, 'the order service did not answer; holds stay as they are');
      return orderIds.map(() => undefined);
    }
  }

  close(): void {
    this.#client.close();
  }
}

function toFate(resolution: OrderResolution): OrderFate | undefined {
  switch (resolution.fate) {
    case WireFate.PENDING:
      return resolution.paymentDeadline === undefined
        ? undefined
        : { fate: 'PENDING', paymentDeadlineMs: timestampMs(resolution.paymentDeadline) };
    case WireFate.PAID:
      return { fate: 'PAID' };
    case WireFate.CANCELLED:
      return { fate: 'CANCELLED' };
    case WireFate.RETURNED:
      return { fate: 'RETURNED' };
    case WireFate.UNSPECIFIED:
      return undefined;
  }
}
