// Header compression (RFC 7541), as much of it as a gRPC client needs. Both tables are kept as the
// contract says, because a peer that may not use its table works harder than it does in earnest.
import { assert } from '../../../services/platform/assert.js';
import { readHuffman } from './huffman.js';

export type Header = readonly [name: string, value: string];

/** The size of a table that nobody has negotiated. */
const TABLE_BYTES = 4096;
const ENTRY_BYTES = 32;

const STATIC_NAMES = `
  :authority :method :method :path :path :scheme :scheme :status :status :status :status :status
  :status :status accept-charset accept-encoding accept-language accept-ranges accept
  access-control-allow-origin age allow authorization cache-control content-disposition
  content-encoding content-language content-length content-location content-range content-type cookie
  date etag expect expires from host if-match if-modified-since if-none-match if-range
  if-unmodified-since last-modified link location max-forwards proxy-authenticate
  proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security
  transfer-encoding user-agent vary via www-authenticate`
  .trim()
  .split(/\s+/);

/**
 * Of the values in the static table only these two are sent here; none that is received matters.
 */
const STATIC_SENT: ReadonlyMap<string, number> = new Map([
  [':method POST', 3],
  [':scheme http', 6],
]);

/** Entries with an index above the static ones, the newest first. */
class DynamicTable {
  readonly #entries: Header[] = [];
  #bytes = 0;

  add(header: Header): void {
    this.#entries.unshift(header);
    this.#bytes += sizeOf(header);
    while (this.#bytes > TABLE_BYTES) {
      const oldest = this.#entries.pop();
      if (oldest === undefined) return;
      this.#bytes -= sizeOf(oldest);
    }
  }

  at(index: number): Header | undefined {
    return this.#entries[index - STATIC_NAMES.length - 1];
  }

  indexOf([name, value]: Header): number | undefined {
    const at = this.#entries.findIndex((entry) => entry[0] === name && entry[1] === value);
    return at < 0 ? undefined : at + STATIC_NAMES.length + 1;
  }
}

function sizeOf([name, value]: Header): number {
  return name.length + value.length + ENTRY_BYTES;
}

/** Encodes the headers of one connection's requests. */
export class HeaderEncoder {
  readonly #table = new DynamicTable();

  /** `settled` when the table was left as it was: the same headers then have the same bytes. */
  encode(headers: readonly Header[]): { block: Buffer; settled: boolean } {
    const parts: Buffer[] = [];
    let settled = true;
    for (const header of headers) {
      const index = STATIC_SENT.get(header.join(' ')) ?? this.#table.indexOf(header);
      if (index === undefined) {
        settled = false;
        parts.push(Buffer.from([0x40]), plain(header[0]), plain(header[1]));
        this.#table.add(header);
      } else {
        // One byte says up to 126, and nobody here sends that many different headers.
        assert(index < 127, 'too many headers for one connection');
        parts.push(Buffer.from([0x80 | index]));
      }
    }
    return { block: Buffer.concat(parts), settled };
  }
}

/** A string without Huffman, shorter than 127 bytes. */
function plain(text: string): Buffer {
  assert(text.length < 127, 'a header too long for this client');
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

/** Decodes the headers of one connection's answers; every block must be given to it. */
export class HeaderDecoder {
  readonly #table = new DynamicTable();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Calls `take` for each header whose name is not in the static table. */
  decode(block: Buffer, take: (name: string, value: string) => void): void {
    [this.#bytes, this.#at] = [block, 0];
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if (first >= 0x80) {
        const header = this.#table.at(this.#integer(0x7f));
        if (header !== undefined) take(header[0], header[1]);
      } else if (first >= 0x40) {
        const header = this.#literal(0x3f);
        this.#table.add(header);
        take(header[0], header[1]);
      } else if (first >= 0x20) {
        assert(this.#integer(0x1f) <= TABLE_BYTES, 'a header table larger than was offered');
      } else {
        const header = this.#literal(0x0f);
        take(header[0], header[1]);
      }
    }
  }

  #literal(mask: number): Header {
    const index = this.#integer(mask);
    return [index === 0 ? this.#string() : this.#nameOf(index), this.#string()];
  }

  #nameOf(index: number): string {
    const name = STATIC_NAMES[index - 1] ?? this.#table.at(index)?.[0];
    assert(name !== undefined, 'a header whose name nobody has sent');
    return name;
  }

  #string(): string {
    const huffman = ((this.#bytes[this.#at] as number) & 0x80) !== 0;
    const length = this.#integer(0x7f);
    const from = this.#at;
    this.#at += length;
    return huffman
      ? readHuffman(this.#bytes, from, this.#at)
      : this.#bytes.toString('latin1', from, this.#at);
  }

  #integer(mask: number): number {
    let value = (this.#bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
}
