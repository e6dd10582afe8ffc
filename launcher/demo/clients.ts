// Typed stubs for the mesh, as any caller would make them from the protos.
import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { connectClient } from '../../services/platform/rpc/client.js';

export function connectMesh(addresses: {
  order: string[];
  inventory: string[];
  payment: string[];
}) {
  const orders = connectClient(OrderService, { addresses: addresses.order });
  const stock = connectClient(InventoryService, { addresses: addresses.inventory });
  const payments = connectClient(PaymentService, { addresses: addresses.payment });
  return {
    orders,
    stock,
    payments,
    close() {
      for (const client of [orders, stock, payments]) client.close();
    },
  };
}

export type MeshClients = ReturnType<typeof connectMesh>;
