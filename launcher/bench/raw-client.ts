// A client that sends and receives bytes over one connection per server: what it costs is the call
// and nothing else, a small part of what grpc-js takes for one.
import { CallRefused, Connection } from './http2/connection.js';

/** Longer than any answer under load; a call that takes longer fails the run. */
const CALL_MS_MAX = 10_000;

export class RawClient {
  readonly #connections: readonly Connection[];
  #next = 0;

  /** Of several servers each takes its turn. */
  constructor(addresses: readonly string[], callMsMax = CALL_MS_MAX) {
    this.#connections = addresses.map((address) => new Connection(address, callMsMax));
  }

  call(path: string, request: Buffer): Promise<Buffer> {
    this.#next = (this.#next + 1) % this.#connections.length;
    return (this.#connections[this.#next] as Connection).call(path, request);
  }

  /** The message of the refusal that is expected; undefined when the call was not refused. */
  async refusal(path: string, request: Buffer): Promise<string | undefined> {
    try {
      await this.call(path, request);
      return undefined;
    } catch (error) {
      if (error instanceof CallRefused) return error.details;
      throw error;
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
