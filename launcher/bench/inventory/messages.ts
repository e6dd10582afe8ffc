// The requests that the benchmark sends to inventory, made from templates. Ids have the length and
// the randomness of those that the order service sends; each reservation is another one.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  BatchConfirmRequestSchema,
  BatchReserveRequestSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { MessageTemplate, writeNumber, writeRandomId } from '../message-template.js';

export const SERVICE = '/spillway.inventory.v1.InventoryService';
const RESERVATION_LENGTH = 22;
const ORDER_LENGTH = 19;
/** The first digits of an order id stay: they are the date. */
const ORDER_DIGITS = 15;
const USER_LENGTH = 10;

let number = 0;

/**
 * Where a message differs from the next: three ids per item, and the SKU if it is not always one.
 */
const holesPerItem = 3;

export class ReserveTemplate {
  readonly items: number;
  readonly #template: MessageTemplate;
  readonly #skuHole: boolean;

  /** `skuId` for all items; or its length, when each item names another one. */
  constructor(o: { items: number; skuId: string | { length: number }; userLimit?: number }) {
    this.items = o.items;
    this.#skuHole = typeof o.skuId !== 'string';
    const holes = Array.from({ length: o.items }, (_, i) => ({
      reservationId: `R${i}.`.padEnd(RESERVATION_LENGTH, '-'),
      orderId: `1${String(i).padStart(ORDER_LENGTH - 1, '0')}`,
      userId: `U${i}.`.padEnd(USER_LENGTH, '-'),
      skuId: typeof o.skuId === 'string' ? o.skuId : `S${i}.`.padEnd(o.skuId.length, '-'),
    }));
    const message = create(BatchReserveRequestSchema, {
      items: holes.map(({ reservationId, orderId, userId, skuId }) => ({
        reservationId,
        orderId,
        userId,
        lines: [{ skuId, quantity: 1, userLimit: o.userLimit ?? 0 }],
      })),
    });
    const placeholders = holes.flatMap((each) => {
      const ids = [each.reservationId, each.orderId, each.userId];
      return this.#skuHole ? [...ids, each.skuId] : ids;
    });
    this.#template = new MessageTemplate(
      toBinary(BatchReserveRequestSchema, message),
      placeholders,
    );
  }

  /** `writeSku` is called where each item may name another SKU. */
  next(writeSku?: (bytes: Buffer, at: number) => void): Buffer {
    const holes = holesPerItem + (this.#skuHole ? 1 : 0);
    return this.#template.fill((bytes, at, hole) => {
      switch (hole % holes) {
        case 0:
          return writeRandomId(bytes, at, RESERVATION_LENGTH);
        case 1:
          number += 1;
          return writeNumber(bytes, at + ORDER_LENGTH - ORDER_DIGITS, number, ORDER_DIGITS);
        case 2:
          return writeNumber(bytes, at + 1, number, USER_LENGTH - 1);
        default:
          return writeSku?.(bytes, at);
      }
    });
  }

  /** A confirm, release or return of all reservations of a filled message: the three are alike. */
  closing(reserved: Buffer, closing: ClosingTemplate): Buffer {
    return closing.fill((bytes, at, hole) => {
      const item = Math.floor(hole / 2);
      const length = hole % 2 === 0 ? RESERVATION_LENGTH : ORDER_LENGTH;
      const holes = holesPerItem + (this.#skuHole ? 1 : 0);
      this.#template.copyHole(reserved, item * holes + (hole % 2), length, bytes, at);
    });
  }
}

export type ClosingTemplate = MessageTemplate;

export function closingTemplate(items: number, skuId: string): ClosingTemplate {
  const refs = Array.from({ length: items }, (_, i) => ({
    reservationId: `R${i}.`.padEnd(RESERVATION_LENGTH, '-'),
    orderId: `1${String(i).padStart(ORDER_LENGTH - 1, '0')}`,
    skuIds: [skuId],
  }));
  const message = create(BatchConfirmRequestSchema, { reservations: refs });
  // On the wire the order id follows the SKUs; the template looks for them in this order.
  const placeholders = refs.flatMap((ref) => [ref.reservationId, ref.orderId]);
  return new MessageTemplate(toBinary(BatchConfirmRequestSchema, message), placeholders);
}
