// The requests that the benchmark sends to the order service, and the little of the answers that it
// reads. Each new order has another buyer and another request id, both random: ids in the order of
// their making would spare MySQL the random inserts.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  CancelOrderRequestSchema,
  CreateOrderRequestSchema,
  PaymentNews,
  RecordPaymentRequestSchema,
  ShipOrderRequestSchema,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import { StartPaymentRequestSchema } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { MessageTemplate, writeNumber, writeRandomId } from '../message-template.js';

export const SERVICE = '/spillway.order.v1.OrderService';
const REQUEST_LENGTH = 22;
const USER_LENGTH = 10;

/** `order = 1` of a response, and `order_id = 1` of an order: both length-delimited. */
const FIRST_FIELD = 0x0a;
/** `duplicate = 2`, a varint. */
const DUPLICATE = 0x10;

/** How the orders of one load differ from each other, besides their request ids. */
export interface CreateShape {
  readonly skuIds: readonly string[];
  /** Buyers are taken from so many; each order has another one when it is left out. */
  readonly users?: number;
  /** Writes another SKU over each one that is named, which has the same length. */
  readonly writeSku?: (bytes: Buffer, at: number) => void;
}

export class CreateTemplate {
  readonly #template: MessageTemplate;
  readonly #shape: CreateShape;

  constructor(shape: CreateShape) {
    this.#shape = shape;
    const requestId = 'R.'.padEnd(REQUEST_LENGTH, '-');
    const userId = 'U.'.padEnd(USER_LENGTH, '-');
    const lines = shape.skuIds.map((skuId) => ({ skuId, quantity: 1 }));
    const message = create(CreateOrderRequestSchema, { requestId, userId, lines });
    const bytes = toBinary(CreateOrderRequestSchema, message);
    const skus = shape.writeSku === undefined ? [] : shape.skuIds;
    this.#template = new MessageTemplate(bytes, [requestId, userId, ...skus]);
  }

  next(): Buffer {
    const { users, writeSku } = this.#shape;
    return this.#template.fill((bytes, at, hole) => {
      if (hole === 0) writeRandomId(bytes, at, REQUEST_LENGTH);
      else if (hole > 1) writeSku?.(bytes, at);
      else if (users === undefined) writeRandomId(bytes, at, USER_LENGTH);
      else writeNumber(bytes, at, Math.floor(Math.random() * users), USER_LENGTH);
    });
  }
}

const encoded = <T extends Uint8Array>(bytes: T) => Buffer.from(bytes);

/** What follows the order id, which is the first field of all of them. */
const tails = {
  GetOrder: Buffer.alloc(0),
  DeliverOrder: Buffer.alloc(0),
  ShipOrder: encoded(
    toBinary(
      ShipOrderRequestSchema,
      create(ShipOrderRequestSchema, { carrier: 'bench', trackingNumber: '00340434161094015902' }),
    ),
  ),
  CancelOrder: encoded(
    toBinary(CancelOrderRequestSchema, create(CancelOrderRequestSchema, { reason: 'bench' })),
  ),
};

export type MethodById = keyof typeof tails;

export function requestById(method: MethodById, orderId: string): Buffer {
  const tail = tails[method];
  const bytes = Buffer.allocUnsafe(2 + orderId.length + tail.length);
  bytes[0] = FIRST_FIELD;
  bytes[1] = orderId.length;
  bytes.write(orderId, 2, 'latin1');
  tail.copy(bytes, 2 + orderId.length);
  return bytes;
}

/** The first attempt to pay an order; its payment is named after it. */
export function startPayment(orderId: string): Buffer {
  const ids = { paymentId: `p-${orderId}`, requestId: orderId };
  const message = create(StartPaymentRequestSchema, { ...ids, method: 'card' });
  return encoded(toBinary(StartPaymentRequestSchema, message));
}

/** News that orders are paid, as the payment service sends it. */
export function paidRecords(
  orderIds: readonly string[],
  captured: { currency: string; amountMinor: bigint },
): Buffer {
  const records = orderIds.map((orderId) => ({
    orderId,
    paymentId: `p-${orderId}`,
    news: PaymentNews.CAPTURED,
    captured,
  }));
  const message = create(RecordPaymentRequestSchema, { records });
  return encoded(toBinary(RecordPaymentRequestSchema, message));
}

export interface Placed {
  readonly orderId: string;
  readonly duplicate: boolean;
}

/** Reads a CreateOrderResponse as far as it is needed. */
export function readPlaced(answer: Buffer): Placed {
  let at = 1;
  let orderLength = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = answer[at++] as number;
    orderLength |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const idLength = answer[at + 1] as number;
  if (answer[0] !== FIRST_FIELD || answer[at] !== FIRST_FIELD || idLength >= 0x80) {
    throw new Error('an answer of another shape');
  }
  const orderId = answer.toString('latin1', at + 2, at + 2 + idLength);
  const end = at + orderLength;
  return { orderId, duplicate: answer[end] === DUPLICATE && answer[end + 1] === 1 };
}
