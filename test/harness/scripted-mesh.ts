// The three services of the mesh as real gRPC servers on loopback whose answers a test scripts, for
// tests of what calls them. A method without a script answers with an empty message.
import type { DescService, Message } from '@bufbuild/protobuf';
import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { createLog, type Log } from '../../services/platform/log.js';
import { type CallContext, type Handlers, RpcServer } from '../../services/platform/rpc/server.js';

export const MESH_SERVICES = [OrderService, InventoryService, PaymentService] as const;

export type Answer = (
  request: never,
  ctx: CallContext,
) => Promise<unknown> | AsyncIterable<unknown>;

export interface ScriptedMesh {
  addresses: string[];
  /** What was called, by method name, oldest first. */
  calls: { method: string; request: Message; ctx: CallContext }[];
  /** From now on the method answers so. */
  script(method: string, answer: Answer): void;
  stop(): Promise<void>;
}

export async function startScriptedMesh(): Promise<ScriptedMesh> {
  const scripts = new Map<string, Answer>();
  const calls: ScriptedMesh['calls'] = [];
  const server = new RpcServer({
    log: quietLog(),
    deadlineMsDefault: 5_000,
    deadlineMsMax: 60_000,
    concurrencyMax: 1_000,
  });
  const services: readonly DescService[] = MESH_SERVICES;
  for (const service of services) {
    server.add(service, scriptedHandlers(service, scripts, calls));
  }
  const port = await server.listen('127.0.0.1:0');
  server.setServing(true);
  return {
    addresses: [`127.0.0.1:${port}`],
    calls,
    script: (method, answer) => void scripts.set(method, answer),
    stop: () => server.stop(100),
  };
}

export function quietLog(): Log {
  return createLog({ service: 'test', level: 'silent' });
}

function scriptedHandlers(
  service: DescService,
  scripts: Map<string, Answer>,
  calls: ScriptedMesh['calls'],
): Handlers<DescService> {
  const handlers: Record<string, unknown> = {};
  for (const method of service.methods) {
    const answer = method.methodKind === 'unary' ? async () => ({}) : async function* () {};
    handlers[method.localName] = (request: Message, ctx: CallContext) => {
      calls.push({ method: method.name, request, ctx });
      return (scripts.get(method.name) ?? answer)(request as never, ctx);
    };
  }
  return handlers as Handlers<DescService>;
}
