// The translator of an order's details, which are a oneof on the wire and a union in the domain.

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Order, OrderSchema } from '../../../gen/spillway/order/v1/order_pb.js';
import type { OrderDetails } from '../domain/order-details.js';

type WireDetails = Order['details'];
type WireDetailsInit = NonNullable<MessageInitShape<typeof OrderSchema>['details']>;

export function detailsOf(details: WireDetails): OrderDetails | undefined {
  switch (details.case) {
    case 'shipping':
      return {
        kind: 'SHIPPING',
        recipient: details.value.recipient,
        address: details.value.address,
      };
    case 'booking':
      return {
        kind: 'BOOKING',
        checkIn: details.value.checkIn,
        checkOut: details.value.checkOut,
      };
    case 'topUp':
      return { kind: 'TOP_UP', account: details.value.account };
    case undefined:
      return undefined;
  }
}

export function detailsTo(details: OrderDetails | undefined): WireDetailsInit {
  if (!details) return { case: undefined };
  switch (details.kind) {
    case 'SHIPPING':
      return { case: 'shipping', value: details };
    case 'BOOKING':
      return { case: 'booking', value: details };
    case 'TOP_UP':
      return { case: 'topUp', value: details };
  }
}
