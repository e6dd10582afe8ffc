// For tests: a TCP proxy in front of a real server that can keep one statement waiting, so that
// something else happens in between.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Hold {
  readonly matches: (sent: string) => boolean;
  readonly cut: boolean;
  readonly arrive: () => void;
  readonly opened: Promise<void>;
}

export class StatementDoor {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #hold: Hold | undefined;

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

  /**
   * Keeps the next statement that matches until `open`. With `cut` its client's connection is reset
   * at once, and the statement is still delivered: the answer is lost before the deed is done.
   */
  hold(
    matches: (sent: string) => boolean,
    o: { cut: boolean },
  ): { arrived: Promise<void>; open: () => void } {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const arrived = new Promise<void>((resolve) => {
      this.#hold = { matches, cut: o.cut, arrive: resolve, opened };
    });
    return { arrived, open };
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
    let held = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!held) other.destroy();
      });
    }
    server.on('data', (data) => client.writable && client.write(data));
    client.on('data', (data) => {
      const hold = this.#hold;
      if (hold === undefined || !hold.matches(data.toString('latin1'))) {
        server.write(data);
        return;
      }
      this.#hold = undefined;
      held = true;
      if (hold.cut) client.resetAndDestroy();
      else client.pause();
      hold.arrive();
      void hold.opened.then(() => {
        held = false;
        server.write(data);
        client.resume();
      });
    });
  }
}
