// For tests: a TCP proxy in front of a real server that can lose what the server answers.

import type { Socket } from 'node:net';
import { TcpRelay, TOGETHER } from './tcp-relay.fixture.js';

export class FaultyProxy extends TcpRelay {
  /** When what the client sends contains this, nothing more of the answers gets through. */
  muteAfter: string | undefined;
  /** The same, and the client's connection is reset when the server has answered. */
  cutAfter: string | undefined;

  protected relay(client: Socket, server: Socket): () => boolean {
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
    return TOGETHER;
  }
}
