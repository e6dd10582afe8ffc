// For tests: a TCP proxy in front of a real server that remembers every statement sent through it, so
// that a test can say which server was asked, and how often.

import type { Socket } from 'node:net';
import { TcpRelay, TOGETHER } from '../tcp-relay.fixture.js';

// A packet: three bytes of length, one of sequence, and for a query the command byte 3 and the text.
const HEADER_BYTES = 4;
const QUERY = 3;

export class StatementTap extends TcpRelay {
  readonly statements: string[] = [];
  #away = false;

  /** Cuts every connection and takes no other until it is called with false. */
  goAway(away = true): void {
    this.#away = away;
    if (away) this.cutAll();
  }

  protected override takes(): boolean {
    return !this.#away;
  }

  protected relay(client: Socket, server: Socket): () => boolean {
    let pending: Buffer = Buffer.alloc(0);
    client.on('data', (data) => {
      pending = this.#read(Buffer.concat([pending, data]));
      server.write(data);
    });
    server.on('data', (data) => client.writable && client.write(data));
    return TOGETHER;
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
