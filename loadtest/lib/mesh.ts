// Calls to the mesh: gRPC to each service, JSON over HTTP to the gateway. Every call ends as a
// Reply; the status code is turned into the reason of the contract here and is seen nowhere else.
//
// A virtual user has one connection to each service, made when it first needs it: k6 cannot share
// them.

import exec from 'k6/execution';
import http from 'k6/http';
import { Client, StatusOK } from 'k6/net/grpc';
import type { Protocol } from '../plan/journal-line.ts';
import { config } from './config.ts';
import { warmingUp } from './warm-up.ts';

export type Service = 'order' | 'inventory' | 'payment';

/** What of the answers is read here; numbers of 64 bits are strings in JSON. */
export interface Answer {
  readonly order?: {
    readonly orderId: string;
    readonly state: string;
    readonly paymentId: string;
    readonly version: string;
  } | null;
  readonly duplicate?: boolean;
  readonly stock?: StockLevel | null;
  readonly stocks?: readonly StockLevel[];
}

export interface StockLevel {
  readonly skuId: string;
  readonly available: string;
  readonly reserved: string;
  readonly sold: string;
  readonly total: string;
}

export type Reply = { readonly atMs: number; readonly ms: number; readonly protocol: Protocol } & (
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly reason: string }
);

/** Longer than any answer takes; a call that needs it has failed its caller. */
const CALL_MS_MAX = 5_000;
const CONNECT_MS_MAX = 5_000;

const FULL_NAMES: Readonly<Record<Service, string>> = {
  order: 'spillway.order.v1.OrderService',
  inventory: 'spillway.inventory.v1.InventoryService',
  payment: 'spillway.payment.v1.PaymentService',
};

const clients = {
  order: newClient('order'),
  inventory: newClient('inventory'),
  payment: newClient('payment'),
};
const connected = new Set<Service>();

export function callGrpc(service: Service, method: string, request: object, op: string): Reply {
  connect(service);
  const atMs = Date.now();
  const response = clients[service].invoke(path(service, method), request, params(op));
  return readGrpc(response, atMs);
}

/** Several at once from one virtual user, over its one connection. */
export async function callGrpcAsync(
  service: Service,
  method: string,
  request: object,
  op: string,
): Promise<Reply> {
  connect(service);
  const atMs = Date.now();
  const url = path(service, method);
  return readGrpc(await clients[service].asyncInvoke(url, request, params(op)), atMs);
}

export function callHttp(service: Service, method: string, request: object, op: string): Reply {
  const atMs = Date.now();
  const response = http.post(
    `${config.gateway}/${path(service, method)}`,
    JSON.stringify(request),
    {
      headers: { 'content-type': 'application/json' },
      tags: { op },
      timeout: CALL_MS_MAX,
      responseType: 'text',
    },
  );
  const seen = { atMs, ms: Date.now() - atMs, protocol: 'http' as const };
  if (response.status === 200) {
    return { ...seen, ok: true, answer: JSON.parse(String(response.body)) as Answer };
  }
  return { ...seen, ok: false, reason: httpReason(String(response.body ?? '')) };
}

function newClient(service: Service): Client {
  const client = new Client();
  client.loadProtoset(`${config.protosets}/${service}.binpb`);
  return client;
}

/** Users are dealt over the processes of a service like cards. */
function connect(service: Service): void {
  if (connected.has(service)) return;
  const addresses = config[service];
  const address = addresses[exec.vu.idInTest % addresses.length] ?? '';
  clients[service].connect(address, { plaintext: true, timeout: CONNECT_MS_MAX });
  connected.add(service);
}

function path(service: Service, method: string): string {
  return `${FULL_NAMES[service]}/${method}`;
}

/** Thresholds speak of calls with the tag `op`. */
function params(op: string) {
  return { tags: { op: warmingUp() ? `${op}.warm_up` : op }, timeout: CALL_MS_MAX };
}

interface GrpcError {
  readonly message?: string;
  readonly details?: readonly { '@type'?: string; reason?: string }[];
}

interface GrpcResponse {
  readonly status: unknown;
  readonly message: object;
  readonly error: object | null;
}

function readGrpc(response: GrpcResponse, atMs: number): Reply {
  const seen = { atMs, ms: Date.now() - atMs, protocol: 'grpc' as const };
  if (response.status === StatusOK) {
    return { ...seen, ok: true, answer: response.message };
  }
  return { ...seen, ok: false, reason: grpcReason(response) };
}

function grpcReason(response: GrpcResponse): string {
  const error: GrpcError | null = response.error;
  const info = error?.details?.find((detail) => detail['@type']?.endsWith('.ErrorInfo'));
  return info?.reason ?? withoutReason(String(response.status), error?.message);
}

/** The gateway writes each detail readably beside its bytes. */
function httpReason(body: string): string {
  try {
    const error = JSON.parse(body) as {
      code?: string;
      message?: string;
      details?: readonly { type: string; debug?: { reason?: string } }[];
    };
    const info = error.details?.find(({ type }) => type === 'google.rpc.ErrorInfo');
    return info?.debug?.reason ?? withoutReason(error.code ?? 'NO_CODE', error.message);
  } catch {
    return withoutReason('NO_ANSWER', body.slice(0, 100));
  }
}

/** No answer, or none of ours: told apart from the words of the contract by its equals sign. */
function withoutReason(code: string, message: string | undefined): string {
  console.warn(`without a reason: ${code}: ${message ?? ''}`);
  return `code=${code}`;
}
