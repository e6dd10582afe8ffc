// Reads header blocks (HPACK, RFC 7541) and writes them in the plainest form there is: literals that are
// neither indexed nor Huffman coded, so that writing needs no state and constant blocks are made once.
//
// Invariant: after decode() has answered undefined the connection is lost, because both sides' tables
// may differ from then on.

import { type Field, sizeOf } from './field.js';
import { STATIC_FIELDS } from './hpack-static.js';
import { huffmanDecoded } from './huffman.js';

/** What we let the other side keep with us; the protocol's default. */
const TABLE_BYTES_MAX = 4_096;
export const STATIC_COUNT = STATIC_FIELDS.length;
/** Paths and the like come again and again in the same letters. Cleared when full. */
const TEXTS_MAX = 1_024;
/** Longer ones are rare, and would make the memory of TEXTS_MAX texts large. */
const TEXT_BYTES_MAX = 256;

export class HpackDecoder {
  /** The newest field is the last. */
  readonly #table: Field[] = [];
  #tableBytes = 0;
  #tableBytesMax = TABLE_BYTES_MAX;
  readonly #texts = new Map<string, string>();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #failed = false;

  /** Undefined when the bytes are no header block. */
  decode(block: Buffer): Field[] | undefined {
    this.#bytes = block;
    this.#at = 0;
    this.#failed = false;
    const fields: Field[] = [];
    while (this.#at < block.length && !this.#failed) this.#next(fields);
    this.#bytes = EMPTY;
    return this.#failed ? undefined : fields;
  }

  #next(fields: Field[]): void {
    const byte = this.#bytes[this.#at] as number;
    if (byte & 0x80) {
      const field = this.#field(this.#number(7));
      if (field !== undefined) fields.push(field);
      return;
    }
    if (byte & 0x40) {
      const field = this.#literal(6);
      this.#add(field);
      fields.push(field);
      return;
    }
    if (byte & 0x20) {
      const bytesMax = this.#number(5);
      // A change of size comes before the first field, and within what we allow.
      if (bytesMax > TABLE_BYTES_MAX || fields.length > 0) this.#failed = true;
      else this.#resize(bytesMax);
      return;
    }
    fields.push(this.#literal(4));
  }

  #literal(prefixBits: number): Field {
    const index = this.#number(prefixBits);
    const name = index === 0 ? this.#text() : (this.#field(index)?.name ?? '');
    return { name, value: this.#text() };
  }

  #field(index: number): Field | undefined {
    const field =
      index <= STATIC_COUNT
        ? STATIC_FIELDS[index - 1]
        : this.#table[this.#table.length - (index - STATIC_COUNT)];
    if (field === undefined) this.#failed = true;
    return field;
  }

  #number(prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = (this.#bytes[this.#at++] as number) & most;
    if (value < most) return value;
    // Four more bytes are 2^28, more than any length or index that we allow.
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.#failed = true;
    return 0;
  }

  #text(): string {
    if (this.#at >= this.#bytes.length) this.#failed = true;
    if (this.#failed) return '';
    const coded = ((this.#bytes[this.#at] as number) & 0x80) !== 0;
    const length = this.#number(7);
    const start = this.#at;
    this.#at += length;
    if (this.#failed || this.#at > this.#bytes.length) {
      this.#failed = true;
      return '';
    }
    const letters = this.#bytes.toString('latin1', start, this.#at);
    return coded ? this.#decoded(letters, start) : letters;
  }

  #decoded(letters: string, start: number): string {
    const known = this.#texts.get(letters);
    if (known !== undefined) return known;
    const text = huffmanDecoded(this.#bytes, start, this.#at);
    if (text === undefined) {
      this.#failed = true;
      return '';
    }
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear();
    if (letters.length <= TEXT_BYTES_MAX) this.#texts.set(letters, text);
    return text;
  }

  #add(field: Field): void {
    const bytes = sizeOf(field);
    this.#evict(this.#tableBytesMax - bytes);
    // A field that is larger than the table empties it and is not kept.
    if (bytes > this.#tableBytesMax) return;
    this.#table.push(field);
    this.#tableBytes += bytes;
  }

  #resize(bytesMax: number): void {
    this.#tableBytesMax = bytesMax;
    this.#evict(bytesMax);
  }

  #evict(bytesMax: number): void {
    while (this.#tableBytes > bytesMax) {
      const oldest = this.#table.shift();
      if (oldest === undefined) return;
      this.#tableBytes -= sizeOf(oldest);
    }
  }
}

const EMPTY = Buffer.alloc(0);

/** Latin-1, as HTTP has it: whoever sends other letters codes them first. */
export function encodeFields(fields: readonly Field[]): Buffer {
  const parts: Buffer[] = [];
  for (const { name, value } of fields) {
    parts.push(Buffer.of(0), encodeText(name), encodeText(value));
  }
  return Buffer.concat(parts);
}

function encodeText(text: string): Buffer {
  const letters = Buffer.from(text, 'latin1');
  const most = 0x7f;
  if (letters.length < most) return Buffer.concat([Buffer.of(letters.length), letters]);
  const length: number[] = [most];
  let rest = letters.length - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), letters]);
}
