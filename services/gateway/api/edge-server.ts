// The gateway's port: plain HTTP/1.1 for Connect (JSON or binary), gRPC-Web, provider callbacks,
// the page and the health check. Every limit of the server is given, none is left to a default.
// Callers of gRPC proper use the mesh, or the second port of h2c-server.ts.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { declaredBytes, methodNotAllowed, send, tooLarge } from './reply.js';
import { meterRequest } from './request-meter.js';

export interface EdgeLimits {
  headerBytesMax: number;
  headersMsMax: number;
  requestMsMax: number;
  keepAliveMsMax: number;
  connectionsMax: number;
  /** The body of an RPC. Callbacks have their own limit. */
  bodyBytesMax: number;
}

export interface EdgeServerOptions {
  /** Answers RPC paths, and 404 for everything that is none. */
  rpc: RequestListener;
  callbacks: RequestListener;
  page: RequestListener;
  limits: EdgeLimits;
}

// How often Node looks for connections whose headers or request take too long.
const TIMEOUT_CHECK_MS = 1_000;

export class EdgeServer {
  readonly #server: Server;
  readonly #o: EdgeServerOptions;
  #serving = false;

  constructor(o: EdgeServerOptions) {
    this.#o = o;
    this.#server = createServer(
      {
        maxHeaderSize: o.limits.headerBytesMax,
        headersTimeout: o.limits.headersMsMax,
        requestTimeout: o.limits.requestMsMax,
        keepAliveTimeout: o.limits.keepAliveMsMax,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        requireHostHeader: true,
        insecureHTTPParser: false,
        noDelay: true,
      },
      (req, res) => this.#serve(req, res),
    );
    this.#server.maxConnections = o.limits.connectionsMax;
    // Streams may be silent for long; what bounds them is their deadline.
    this.#server.timeout = 0;
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#serving = true;
    return (this.#server.address() as AddressInfo).port;
  }

  /** Says so in the health check first, lets what is under way finish, then cuts off the rest. */
  async stop(drainMsMax: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#serving = false;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const cut = setTimeout(() => this.#server.closeAllConnections(), drainMsMax);
    await closed;
    clearTimeout(cut);
  }

  #serve(req: IncomingMessage, res: ServerResponse): void {
    meterRequest(req, res);
    // After this answer a draining connection is not offered for more.
    if (!this.#serving) res.setHeader('connection', 'close');
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    if (path === '/') this.#o.page(req, res);
    else if (path === '/healthz') this.#health(req, res);
    else if (path.startsWith('/callbacks/')) this.#o.callbacks(req, res);
    else if (declaredBytes(req) > this.#o.limits.bodyBytesMax)
      send(res, tooLarge(this.#o.limits.bodyBytesMax));
    else this.#o.rpc(req, res);
  }

  #health(req: IncomingMessage, res: ServerResponse): void {
    if (req.method !== 'GET' && req.method !== 'HEAD') send(res, methodNotAllowed('GET, HEAD'));
    else if (this.#serving) send(res, { status: 200, body: { status: 'SERVING' } });
    else send(res, { status: 503, body: { status: 'NOT_SERVING' } });
  }
}
