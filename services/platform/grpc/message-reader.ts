// Puts the messages of a request together from the parts in which they come.

import { PREFIX_BYTES } from './wire.js';

/** What is wrong with a request's bytes. */
export type BadMessage = 'COMPRESSED' | 'TOO_LARGE';

export class MessageReader {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** So many bytes are needed to go on: a prefix, then the message that it announces. */
  #wanted = PREFIX_BYTES;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Adds the messages that this part makes whole. */
  read(part: Buffer, into: Buffer[]): BadMessage | undefined {
    this.#parts.push(part);
    this.#bytes += part.length;
    while (this.#bytes >= this.#wanted) {
      const bytes =
        this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
      if (bytes[0] !== 0) return 'COMPRESSED';
      const length = bytes.readUInt32BE(1);
      if (length > this.#bytesMax) return 'TOO_LARGE';
      const end = PREFIX_BYTES + length;
      if (bytes.length < end) {
        this.#parts = [bytes];
        this.#wanted = end;
        return undefined;
      }
      into.push(bytes.subarray(PREFIX_BYTES, end));
      const rest = bytes.subarray(end);
      this.#parts = [rest];
      this.#bytes = rest.length;
      this.#wanted = PREFIX_BYTES;
    }
    return undefined;
  }

  /** Whether the request may end here. */
  get whole(): boolean {
    return this.#bytes === 0;
  }
}
