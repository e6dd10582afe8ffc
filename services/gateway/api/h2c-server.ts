// The optional second port: gRPC proper, over HTTP/2 without TLS, for callers outside the mesh that
// have a generated client. One port cannot serve both: without TLS nothing tells the versions apart.
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../platform/log.js';
import { meterRequest } from './request-meter.js';
import type { RpcListener } from './rpc-listener.js';

export interface H2cLimits {
  headerBytesMax: number;
  /** Calls at once on one connection. */
  streamsPerSessionMax: number;
  /** A session on which nothing moves for so long is closed; Node itself keeps it for ever. */
  idleMsMax: number;
}

export class H2cServer {
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(o: { rpc: RpcListener; limits: H2cLimits; log: Log }) {
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: o.limits.streamsPerSessionMax,
        maxHeaderListSize: o.limits.headerBytesMax,
        enablePush: false,
      },
    });
    this.#server.on('request', (req, res) => {
      meterRequest(req, res);
      o.rpc(req, res);
    });
    this.#server.on('session', (session) => this.#track(session, o.limits.idleMsMax));
    this.#server.on('sessionError', (error) => o.log.debug({ err: error }, 'session ended'));
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sessions are asked to end after their present calls; what is left at the end is cut off. */
  async stop(drainMsMax: number): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    const cut = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, drainMsMax);
    await closed;
    clearTimeout(cut);
  }

  #track(session: ServerHttp2Session, idleMsMax: number): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.setTimeout(idleMsMax, () => session.close());
  }
}
