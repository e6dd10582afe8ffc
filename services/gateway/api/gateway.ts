// Puts the edge together: one router over the mesh's services, spoken to by two servers.
import { setMaxListeners } from 'node:events';
import { status } from '@grpc/grpc-js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { RpcError } from '../../platform/rpc/errors.js';
import { type CallbackLimits, type CallbackOptions, callbackHandler } from './callbacks.js';
import { toConnectError } from './connect-errors.js';
import { type EdgeLimits, EdgeServer } from './edge-server.js';
import { type ForwardLimits, forwardingRoutes, type MeshService, requestGate } from './forward.js';
import { type H2cLimits, H2cServer } from './h2c-server.js';
import { pageHandler } from './page.js';
import { rpcListener } from './rpc-listener.js';

export interface GatewayOptions {
  mesh: readonly MeshService[];
  payments: CallbackOptions['payments'];
  page: URL;
  limits: {
    forward: ForwardLimits;
    callbacks: CallbackLimits;
    edge: EdgeLimits;
    h2c: H2cLimits;
  };
  clock: Clock;
  log: Log;
}

export interface Gateway {
  edge: EdgeServer;
  h2c: H2cServer;
  /** Ends streams at once; calls in flight have up to `drainMsMax` to finish. */
  stop(drainMsMax: number): Promise<void>;
}

const STOPPING = new RpcError({
  code: status.UNAVAILABLE,
  reason: 'DEPENDENCY_UNAVAILABLE',
  message: 'the gateway is stopping; call again',
  // By then a load balancer has noticed.
  retryDelayMs: 500,
});

export async function createGateway(o: GatewayOptions): Promise<Gateway> {
  const shutdown = new AbortController();
  // Each open stream listens to it; their number is bounded by streamsMax.
  setMaxListeners(0, shutdown.signal);
  const rpc = rpcListener({
    routes: forwardingRoutes({
      mesh: o.mesh,
      limits: o.limits.forward,
      clock: o.clock,
      log: o.log,
    }),
    options: {
      requestGate: requestGate(o.log),
      readMaxBytes: o.limits.edge.bodyBytesMax,
      shutdownSignal: shutdown.signal,
      // Zeros and empty fields are written out: `available: 0` is what a person asks for.
      jsonOptions: { alwaysEmitImplicit: true },
      // A compressed kilobyte may hold a megabyte, and answers here are smaller than a packet.
      acceptCompression: [],
    },
    log: o.log,
  });
  const edge = new EdgeServer({
    rpc,
    callbacks: callbackHandler({
      payments: o.payments,
      limits: o.limits.callbacks,
      clock: o.clock,
      log: o.log,
    }),
    page: await pageHandler(o.page),
    limits: o.limits.edge,
  });
  const h2c = new H2cServer({ rpc, limits: o.limits.h2c, log: o.log });
  return {
    edge,
    h2c,
    async stop(drainMsMax) {
      shutdown.abort(toConnectError(STOPPING, o.log));
      await Promise.all([edge.stop(drainMsMax), h2c.stop(drainMsMax)]);
    },
  };
}
