// Encodes the headers of one connection's requests (RFC 7541) with the table that the contract gives,
// because a peer whose table is not used works harder than it does in earnest.

import { assert } from '../../../services/platform/assert.js';
import { type Field, sizeOf } from '../../../services/platform/http2/field.js';
import { encodeFields, STATIC_COUNT } from '../../../services/platform/http2/hpack.js';

/** The size of a table that nobody has negotiated. */
const TABLE_BYTES_MAX = 4_096;
const INDEXED = 0x80;
const KEPT = 0x40;
/** Of the fields that every connection knows only these two are sent here. */
const STATIC_SENT: ReadonlyMap<string, number> = new Map([
  [':method POST', 3],
  [':scheme http', 6],
]);

export class HeaderEncoder {
  /** The newest field is the first. */
  readonly #table: Field[] = [];
  #bytes = 0;

  /** `settled` when the table was left as it was: the same headers then have the same bytes. */
  encode(fields: readonly Field[]): { block: Buffer; settled: boolean } {
    const parts: Buffer[] = [];
    let settled = true;
    for (const field of fields) {
      const index = STATIC_SENT.get(`${field.name} ${field.value}`) ?? this.#indexOf(field);
      if (index === undefined) {
        settled = false;
        // The same literal, but one that both sides keep.
        parts.push(Buffer.of(KEPT), encodeFields([field]).subarray(1));
        this.#add(field);
      } else {
        // One byte says up to 126, and nobody here sends that many different headers.
        assert(index < 127, 'too many headers for one connection');
        parts.push(Buffer.of(INDEXED | index));
      }
    }
    return { block: Buffer.concat(parts), settled };
  }

  #indexOf({ name, value }: Field): number | undefined {
    const at = this.#table.findIndex((known) => known.name === name && known.value === value);
    return at < 0 ? undefined : STATIC_COUNT + 1 + at;
  }

  #add(field: Field): void {
    this.#table.unshift(field);
    this.#bytes += sizeOf(field);
    while (this.#bytes > TABLE_BYTES_MAX) {
      const oldest = this.#table.pop();
      if (oldest === undefined) return;
      this.#bytes -= sizeOf(oldest);
    }
  }
}
