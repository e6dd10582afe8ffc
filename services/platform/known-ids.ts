// A set of ids that fits into a message: a Bloom filter. It may take a strange id for a known one
// (about one in a hundred at the size it was made for), but an id that was added is always known.
//
// The form of the bits is part of the contract (SoldOutNotice), so other languages can read it.

import { hash } from 'node:crypto';

/** 10 bits and 7 hashes per id: 0.8 % of strange ids are taken for known ones. */
const BITS_PER_ID = 10;
const HASHES = 7;
/** From strangers: more hashes than this are no filter that anybody would make. */
const HASHES_MAX = 32;

export class KnownIds {
  readonly hashes: number;
  readonly #bytes: Uint8Array;
  readonly #bits: number;

  private constructor(bytes: Uint8Array, hashes: number) {
    this.#bytes = bytes;
    this.#bits = bytes.length * 8;
    this.hashes = hashes;
  }

  /** Empty, for about so many ids. With more of them it stays right, but takes more for known. */
  static sizedFor(ids: number): KnownIds {
    const bytes = Math.max(1, Math.ceil((ids * BITS_PER_ID) / 8));
    return new KnownIds(new Uint8Array(bytes), HASHES);
  }

  /** Undefined for what cannot be a filter. The bytes are not copied. */
  static fromBytes(bytes: Uint8Array, hashes: number): KnownIds | undefined {
    const plausible = Number.isInteger(hashes) && hashes >= 1 && hashes <= HASHES_MAX;
    return bytes.length > 0 && plausible ? new KnownIds(bytes, hashes) : undefined;
  }

  /** Not a copy: what is added later shows in it. */
  toBytes(): Uint8Array {
    return this.#bytes;
  }

  add(id: string): void {
    for (const bit of this.#bitsOf(id)) {
      const byte = bit >>> 3;
      this.#bytes[byte] = (this.#bytes[byte] ?? 0) | (1 << (bit & 7));
    }
  }

  has(id: string): boolean {
    return this.#bitsOf(id).every(
      (bit) => ((this.#bytes[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0,
    );
  }

  // Double hashing: two numbers stand for any number of hashes. The step is odd, so that it cannot be
  // zero and set one bit only.
  #bitsOf(id: string): number[] {
    const digest = hash('sha256', id, 'buffer');
    const start = digest.readUInt32LE(0);
    const step = (digest.readUInt32LE(4) | 1) >>> 0;
    const bits: number[] = [];
    for (let k = 0; k < this.hashes; k++) bits.push((start + k * step) % this.#bits);
    return bits;
  }
}
