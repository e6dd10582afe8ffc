// Times requests by route and status. A path that the gateway does not offer is "other": strangers
// choose paths, and each would make a series.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { histograms } from '../../platform/telemetry/metrics.js';

const durations = histograms('http.server.request.duration');

const ROUTES = new Set(['/', '/healthz']);
const RPC = /^\/spillway\.[a-z]+\.v1\.[A-Za-z]+\/[A-Za-z]+$/;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);
/** What a path gets that is not offered: forbidden or not found. */
const NOT_OFFERED = [403, 404];

export function meterRequest(
  req: IncomingMessage | Http2ServerRequest,
  res: ServerResponse | Http2ServerResponse,
): void {
  const startMs = performance.now();
  res.once('close', () => {
    const seconds = (performance.now() - startMs) / 1_000;
    const method = METHODS.has(req.method ?? '') ? (req.method as string) : 'other';
    const route = routeOf(req.url ?? '', res.statusCode);
    durations.of(method, route, String(res.statusCode)).record(seconds);
  });
}

function routeOf(url: string, statusCode: number): string {
  const path = url.split('?', 1)[0] ?? '';
  if (ROUTES.has(path)) return path;
  if (NOT_OFFERED.includes(statusCode)) return 'other';
  if (path.startsWith('/callbacks/')) return '/callbacks/{provider}';
  return RPC.test(path) ? path : 'other';
}
