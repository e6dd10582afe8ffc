// What strangers may call. Everything else is refused, so a new RPC stays inside until it is
// listed here: forgetting a line closes a door, it never opens one.
import type { DescMethod } from '@bufbuild/protobuf';

const PUBLIC_METHODS: Readonly<Record<string, readonly string[]>> = {
  'spillway.order.v1.OrderService': [
    'CreateOrder',
    'GetOrder',
    'ListOrders',
    'CancelOrder',
    'ShipOrder',
    'DeliverOrder',
    'AddTracking',
    'CompleteOrder',
    'RefundLines',
    'WatchOrder',
    'PutOffer',
    'GetOffer',
  ],
  'spillway.inventory.v1.InventoryService': [
    'GetStock',
    'BatchGetStock',
    'Restock',
    'ListLedger',
    'WatchStock',
  ],
  'spillway.payment.v1.PaymentService': [
    'GetPayment',
    'StartPayment',
    'CancelPayment',
    'RefundPayment',
  ],
};

const publicPaths: ReadonlySet<string> = new Set(
  Object.entries(PUBLIC_METHODS).flatMap(([service, methods]) =>
    methods.map((method) => `${service}/${method}`),
  ),
);

export function allowed(method: DescMethod): boolean {
  return publicPaths.has(`${method.parent.typeName}/${method.name}`);
}

export function publicMethodPaths(): string[] {
  return [...publicPaths];
}
