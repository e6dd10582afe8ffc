// A header field, as HTTP/2 counts it.

export interface Field {
  readonly name: string;
  readonly value: string;
}

const OVERHEAD = 32;

/** What it takes of a table or of a list (RFC 7541, section 4.1). */
export function sizeOf({ name, value }: Field): number {
  return name.length + value.length + OVERHEAD;
}
