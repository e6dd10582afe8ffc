// What the gateway is told at start, and the bounds it keeps. The bounds are constants: each follows
// from the contract, not from the machine.
import { z } from 'zod';
import { configFields, readConfig } from '../platform/config.js';
import { traceFields } from '../platform/telemetry/trace-settings.js';
import type { CallbackLimits } from './api/callbacks.js';
import type { EdgeLimits } from './api/edge-server.js';
import type { ForwardLimits } from './api/forward.js';
import type { H2cLimits } from './api/h2c-server.js';

// Loopback unless told otherwise: nobody asks callers yet who they are.
const LISTEN_DEFAULT = '127.0.0.1:8080';

const schema = z.object({
  LISTEN: configFields.listen.prefault(LISTEN_DEFAULT),
  // A second port for gRPC over HTTP/2; without it there is none.
  GRPC_LISTEN: configFields.listen.optional(),
  ORDER_ADDRESSES: configFields.addresses,
  INVENTORY_ADDRESSES: configFields.addresses,
  PAYMENT_ADDRESSES: configFields.addresses,
  LOG_LEVEL: configFields.logLevel,
  /** Where Prometheus may ask for metrics, port 0 for any; not at all when unset. */
  METRICS_LISTEN: configFields.listen.optional(),
  ...traceFields,
});

/** Throws ConfigError with everything that is wrong. */
export function readGatewayConfig(env: NodeJS.ProcessEnv = process.env): z.infer<typeof schema> {
  return readConfig(schema, env);
}

// The longest unary call; a stop waits for no call longer than the caller would.
const CALL_MS_MAX = 30_000;

export const forwardLimits: ForwardLimits = {
  deadlineMsDefault: 5_000,
  deadlineMsMax: CALL_MS_MAX,
  // Shorter than the mesh's own hour, so that a stop or a new build reaches every watcher soon.
  streamMsMax: 10 * 60_000,
  // At 300 us a call and a mesh that answers in 100 ms, one process has about 300 calls in flight;
  // three times that is a mesh in trouble, and more callers would not help it.
  callsMax: 1_000,
  streamsMax: 1_000,
};

export const callbackLimits: CallbackLimits = {
  // The contract's limit of HandleProviderEventRequest.body.
  bytesMax: 64 * 1024,
  // A provider has tens in flight. 256 bodies of 64 KiB are 16 MiB.
  inFlightMax: 256,
  // Providers give up after 10 s or more, and then send again.
  deadlineMs: 5_000,
};

export const edgeLimits: EdgeLimits = {
  headerBytesMax: 8 * 1024,
  headersMsMax: 5_000,
  // To receive a whole request. The largest body in that time is 26 KB/s: any line that works.
  requestMsMax: 10_000,
  // Longer than the usual 60 s of load balancers, so that they close first and never hit a
  // connection that closes under their request.
  keepAliveMsMax: 65_000,
  connectionsMax: 4_096,
  // The largest public request, BatchGetStock with 1,000 SKUs, is 70 KiB of JSON.
  bodyBytesMax: 256 * 1024,
};

export const h2cLimits: H2cLimits = {
  headerBytesMax: edgeLimits.headerBytesMax,
  streamsPerSessionMax: 250,
  idleMsMax: 5 * 60_000,
};

/** A stop lets unary calls finish within what most of them take at most. */
export const DRAIN_MS_MAX = forwardLimits.deadlineMsDefault + 1_000;
/** Drain, and then the rest of the process. */
export const STOP_MS_MAX = DRAIN_MS_MAX + 4_000;
