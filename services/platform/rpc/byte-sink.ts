// A growing buffer that a message is written into from front to back. A nested message's length is only
// known afterwards: one byte is kept free for it, and a longer one makes the message move.

const BYTES_MIN = 16 * 1024;
/** A name or an id is shorter, and written faster letter by letter than by a call into the engine. */
const LETTERS_MAX = 64;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export class ByteSink {
  #bytes = Buffer.allocUnsafe(BYTES_MIN);
  #at = 0;

  clear(): void {
    this.#at = 0;
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  tag(number: number, wireType: number): void {
    this.varint((number << 3) | wireType);
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  bigVarint(value: bigint): void {
    if (value >= 0n && value <= SAFE_MAX) {
      this.varint(Number(value));
      return;
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  /** Its length and its letters. */
  text(value: string): void {
    if (value.length > LETTERS_MAX || !this.#shortText(value)) this.#longText(value);
  }

  /** False, with nothing written, when there is a letter of more than one byte. */
  #shortText(value: string): boolean {
    const { length } = value;
    this.#reserve(length + 1);
    const start = this.#at;
    let at = start + 1;
    for (let i = 0; i < length; i++) {
      // The engine knows ten kinds of string inside, and value.charCodeAt would be looked up in each.
      const code = String.prototype.charCodeAt.call(value, i);
      if (code > 0x7f) return false;
      this.#bytes[at++] = code;
    }
    this.#bytes[start] = length;
    this.#at = at;
    return true;
  }

  #longText(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at, 'utf8');
  }

  /** Begins something whose length comes before it. */
  open(): number {
    this.#reserve(1);
    return this.#at++;
  }

  close(start: number): void {
    const end = this.#at;
    const length = end - start - 1;
    if (length < 0x80) {
      this.#bytes[start] = length;
      return;
    }
    let more = 0;
    for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 0x80)) more++;
    this.#reserve(more);
    this.#bytes.copyWithin(start + 1 + more, start + 1, end);
    this.#at = start;
    this.varint(length);
    this.#at = end + more;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
