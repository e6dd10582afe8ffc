// For tests: a TCP proxy in front of a real server that can lose what the server answers.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class FaultyProxy {
  /** When what the client sends contains this, nothing more of the answers gets through. */
  muteAfter: string | undefined;
  /** The same, and the client's connection is reset when the server has answered. */
  cutAfter: string | undefined;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(url: string) {
    this.#target = new URL(url);
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
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    const server = connect({
      port: Number(this.#target.port),
      host: this.#target.hostname,
      noDelay: true,
    });
    let fault: 'none' | 'mute' | 'cut' = 'none';
    client.on('data', (data) => {
      if (this.muteAfter !== undefined && data.includes(this.muteAfter)) fault = 'mute';
      if (this.cutAfter !== undefined && data.includes(this.cutAfter)) fault = 'cut';
      server.write(data);
    });
    server.on('data', (data) => {
      if (fault === 'none') client.write(data);
      if (fault === 'cut') client.resetAndDestroy();
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
