// For tests: a TCP proxy in front of a real server that remembers every statement sent through it, so
// that a test can say which server was asked, and how often.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

// A packet: three bytes of length, one of sequence, and for a query the command byte 3 and the text.
const HEADER_BYTES = 4;
const QUERY = 3;

export class StatementTap {
  readonly statements: string[] = [];
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #away = false;

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

  /** Cuts every connection and takes no other until it is called with false. */
  goAway(away = true): void {
    this.#away = away;
    if (away) for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    if (this.#away) {
      client.destroy();
      return;
    }
    const server = connect({
      port: Number(this.#target.port),
      host: this.#target.hostname,
      noDelay: true,
    });
    let pending: Buffer = Buffer.alloc(0);
    client.on('data', (data) => {
      pending = this.#read(Buffer.concat([pending, data]));
      server.write(data);
    });
    server.on('data', (data) => client.writable && client.write(data));
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

  /** Answers what does not make a whole packet yet. */
  #read(bytes: Buffer): Buffer {
    let rest = bytes;
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUIntLE(0, 3);
      if (rest.length < end) break;
      // A query starts a conversation; what the client says in the handshake has a higher sequence.
      const query = rest[3] === 0 && rest[HEADER_BYTES] === QUERY;
      if (query) this.statements.push(rest.toString('utf8', HEADER_BYTES + 1, end));
      rest = rest.subarray(end);
    }
    return rest;
  }
}
