// For tests: a TCP proxy in front of a real server that can keep one statement waiting, so that
// something else happens in between.

import type { Socket } from 'node:net';
import { TcpRelay } from '../../../platform/tcp-relay.fixture.js';

interface Hold {
  readonly matches: (sent: string) => boolean;
  readonly cut: boolean;
  readonly arrive: () => void;
  readonly opened: Promise<void>;
}

export class StatementDoor extends TcpRelay {
  #hold: Hold | undefined;

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

  /** The server's side outlives a client that was cut while its statement is kept. */
  protected relay(client: Socket, server: Socket): () => boolean {
    let held = false;
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
    return () => held;
  }
}
