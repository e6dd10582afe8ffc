// Typed clients for every service of a mesh, as any stranger would make them.
import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { type Client, connectClient } from '../../services/platform/rpc/client.js';
import { RpcError } from '../../services/platform/rpc/errors.js';

export interface MeshAddresses {
  order: readonly string[];
  inventory: readonly string[];
  payment: readonly string[];
}

export interface MeshClients {
  orders: Client<typeof OrderService>;
  inventory: Client<typeof InventoryService>;
  payments: Client<typeof PaymentService>;
  close(): void;
}

export function connectMesh(addresses: MeshAddresses): MeshClients {
  const orders = connectClient(OrderService, { addresses: addresses.order });
  const inventory = connectClient(InventoryService, { addresses: addresses.inventory });
  const payments = connectClient(PaymentService, { addresses: addresses.payment });
  return {
    orders,
    inventory,
    payments,
    close() {
      for (const client of [orders, inventory, payments]) client.close();
    },
  };
}

// Far more than any call takes; a test that hits it has found something.
const CALL_MS_MAX = 10_000;

export function soon(): { deadlineMs: number } {
  return { deadlineMs: Date.now() + CALL_MS_MAX };
}

/** The refusal of a call that must be refused. */
export async function refusalOf(call: Promise<unknown>): Promise<RpcError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('the call was accepted');
}

const ATTEMPTS_MAX = 8;
const RETRIED = new Set(['OVERLOADED', 'DEPENDENCY_UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** As every caller should: what failed for want of an answer is sent again, unchanged. */
export async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const again = error instanceof RpcError && RETRIED.has(error.reason);
      if (!again || attempt === ATTEMPTS_MAX) throw error;
      const delayMs = (error.retryDelayMs ?? 50) + Math.random() * 50 * 2 ** attempt;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
