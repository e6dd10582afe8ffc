// Serves this process's metrics to Prometheus: GET /metrics, and nothing else. It listens where the
// configuration says, best on loopback or on an address that only the collector reaches: nobody is
// asked who he is.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { ProcessMetrics } from './metric-producer.js';
import { watchRuntime } from './metric-runtime.js';

/** A collector and a person with curl; more are a mistake. */
const CONNECTIONS_MAX = 16;
const REQUEST_MS_MAX = 5_000;
const HEADER_BYTES_MAX = 8 * 1024;

export interface MetricEndpoint {
  readonly port: number;
  stop(): Promise<void>;
}

/** Listens at `host:port`, port 0 for any. Undefined without an address. */
export async function serveMetrics(o: {
  service: string;
  address: string | undefined;
}): Promise<MetricEndpoint | undefined> {
  if (o.address === undefined) return undefined;
  const stopWatching = watchRuntime();
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    metricProducers: [new ProcessMetrics()],
  });
  const resource = resourceFromAttributes({ 'service.name': o.service });
  const provider = new MeterProvider({ resource, readers: [exporter] });
  const server = httpServer((req, res) => exporter.getMetricsRequestHandler(req, res));
  const port = await listen(server, o.address);
  return {
    port,
    async stop() {
      stopWatching();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await provider.shutdown();
    },
  };
}

function httpServer(metrics: (req: IncomingMessage, res: ServerResponse) => void): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      requireHostHeader: true,
    },
    (req, res) => {
      const path = (req.url ?? '').split('?', 1)[0];
      if (path === '/metrics' && req.method === 'GET') return metrics(req, res);
      res.statusCode = path === '/metrics' ? 405 : 404;
      res.end();
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  // It must not keep a process alive that has nothing else to do.
  server.unref();
  return server;
}

async function listen(server: Server, address: string): Promise<number> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: Number(address.slice(colon + 1)) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
