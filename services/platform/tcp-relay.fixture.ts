// For tests: a TCP proxy in front of a real server. What it does with the bytes is up to who extends it.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export abstract class TcpRelay {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(url: string) {
    this.#target = new URL(url);
    // Without it a packet of several answers waits 40 ms for the peer's acknowledgement.
    this.#server = createServer({ noDelay: true }, (client) => this.#serve(client));
  }

  /** Answers the URL that leads through the proxy. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    const through = new URL(this.#target);
    if (address && typeof address === 'object') through.port = String(address.port);
    return through.href;
  }

  async close(): Promise<void> {
    this.cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Carries bytes in both directions. Answers whether one side outlives the other just now. */
  protected abstract relay(client: Socket, server: Socket): () => boolean;

  protected takes(): boolean {
    return true;
  }

  protected cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(client: Socket): void {
    if (!this.takes()) {
      client.destroy();
      return;
    }
    const { port, hostname: host } = this.#target;
    const server = connect({ port: Number(port), host, noDelay: true });
    const outlives = this.relay(client, server);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!outlives()) other.destroy();
      });
    }
  }
}

/** The usual: both sides end together. */
export const TOGETHER = () => false;
