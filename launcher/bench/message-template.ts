// A message that was encoded once, with holes of a fixed length. A load generator that encodes each
// message anew takes more processor time than the server that it is to measure.
import { randomFillSync } from 'node:crypto';
import { assert } from '../../services/platform/assert.js';

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
/** Random bytes are made this many at a time: one call of OpenSSL for some thousand ids. */
const RANDOM_BYTES = 65_536;

/** Writes into a hole; `hole` is its place in the list of placeholders. */
export type WriteHole = (bytes: Buffer, at: number, hole: number) => void;

export class MessageTemplate {
  readonly #bytes: Buffer;
  readonly #offsets: readonly number[];

  /** Each placeholder stands in the message once, in the order of the list. */
  constructor(bytes: Uint8Array, placeholders: readonly string[]) {
    this.#bytes = Buffer.from(bytes);
    let from = 0;
    this.#offsets = placeholders.map((placeholder) => {
      const at = this.#bytes.indexOf(placeholder, from, 'latin1');
      assert(at >= 0, `no ${placeholder} in the message`);
      from = at + placeholder.length;
      return at;
    });
  }

  fill(write: WriteHole): Buffer {
    const bytes = Buffer.from(this.#bytes);
    for (let hole = 0; hole < this.#offsets.length; hole++) {
      write(bytes, this.#offsets[hole] as number, hole);
    }
    return bytes;
  }

  /** Copies what stands in a hole of a filled message into another message. */
  copyHole(from: Buffer, hole: number, length: number, to: Buffer, at: number): void {
    const start = this.#offsets[hole] as number;
    from.copy(to, at, start, start + length);
  }
}

let random = Buffer.alloc(0);
let used = 0;

/** A digest's letters: ids in the order of their making would spare MySQL the random inserts. */
export function writeRandomId(bytes: Buffer, at: number, length: number): void {
  if (used + length > random.length) {
    random = randomFillSync(Buffer.alloc(RANDOM_BYTES));
    used = 0;
  }
  for (let i = 0; i < length; i++) {
    bytes[at + i] = ALPHABET[(random[used++] as number) & 63] as number;
  }
}

export function writeNumber(bytes: Buffer, at: number, value: number, digits: number): void {
  let rest = value;
  for (let i = digits - 1; i >= 0; i--) {
    bytes[at + i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
