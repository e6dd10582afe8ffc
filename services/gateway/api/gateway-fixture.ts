// A gateway for this folder's tests: on a free port, before a mesh that the test names, with limits
// small enough to be hit on purpose.
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { connectClient } from '../../platform/rpc/client.js';
import { meshService } from './forward.js';
import { createGateway, type Gateway } from './gateway.js';

export const SMALL_LIMITS = {
  forward: {
    deadlineMsDefault: 2_000,
    deadlineMsMax: 4_000,
    streamMsMax: 5_000,
    callsMax: 3,
    streamsMax: 2,
  },
  callbacks: { bytesMax: 1_024, inFlightMax: 2, deadlineMs: 500 },
  edge: {
    headerBytesMax: 4_096,
    headersMsMax: 300,
    requestMsMax: 600,
    keepAliveMsMax: 1_000,
    connectionsMax: 50,
    bodyBytesMax: 4_096,
  },
  h2c: { headerBytesMax: 4_096, streamsPerSessionMax: 20, idleMsMax: 2_000 },
} as const;

export interface RunningGateway {
  gateway: Gateway;
  port: number;
  /** http://127.0.0.1:port */
  origin: string;
  /** The same for the port that speaks gRPC. */
  grpcOrigin: string;
  stop(): Promise<void>;
}

export async function startSmallGateway(addresses: readonly string[]): Promise<RunningGateway> {
  const orders = connectClient(OrderService, { addresses });
  const inventory = connectClient(InventoryService, { addresses });
  const payments = connectClient(PaymentService, { addresses });
  const gateway = await createGateway({
    mesh: [
      meshService(OrderService, orders),
      meshService(InventoryService, inventory),
      meshService(PaymentService, payments),
    ],
    payments,
    page: new URL('../pages/index.html', import.meta.url),
    limits: SMALL_LIMITS,
    clock: systemClock,
    log: createLog({ service: 'gateway-test', level: 'silent' }),
  });
  const port = await gateway.edge.listen('127.0.0.1', 0);
  const grpcPort = await gateway.h2c.listen('127.0.0.1', 0);
  return {
    gateway,
    port,
    origin: `http://127.0.0.1:${port}`,
    grpcOrigin: `http://127.0.0.1:${grpcPort}`,
    async stop() {
      await gateway.stop(200);
      for (const client of [orders, inventory, payments]) client.close();
    },
  };
}

/** An RPC as curl would send it. */
export async function postJson(
  origin: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: ConnectJson }> {
  const res = await fetch(`${origin}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await res.text();
  return { status: res.status, headers: res.headers, body: text === '' ? {} : JSON.parse(text) };
}

export interface ConnectJson {
  code?: string;
  message?: string;
  details?: { type: string; value: string; debug?: Record<string, unknown> }[];
  [field: string]: unknown;
}

export function reasonOf(body: ConnectJson): unknown {
  return body.details?.find((detail) => detail.type === 'google.rpc.ErrorInfo')?.debug?.reason;
}
