// Counts the outcomes in a batch's answer without decoding it: a tag and one byte per item.
// Whatever is not the outcome that was asked for is not counted as work done.

/** Field 1, length-delimited. */
const ENTRY = 0x0a;
/** Field 1 of a result, a varint. */
const OUTCOME = 0x08;

/** Of `repeated Result results = 1`, where each result begins with `outcome = 1`. */
export function countResults(bytes: Buffer, outcome: number): number {
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== ENTRY) throw new Error('a batch answer of another shape');
    const length = bytes[at + 1] as number;
    if (length >= 0x80) throw new Error('a result longer than 127 bytes');
    if (bytes[at + 2] === OUTCOME && bytes[at + 3] === outcome) count++;
    at += 2 + length;
  }
  return count;
}

/** Of `repeated Outcome outcomes = 1`, packed. */
export function countPacked(bytes: Buffer, outcome: number): number {
  if (bytes[0] !== ENTRY) throw new Error('a batch answer of another shape');
  let at = 1;
  while ((bytes[at] as number) >= 0x80) at++;
  let count = 0;
  for (let i = at + 1; i < bytes.length; i++) if (bytes[i] === outcome) count++;
  return count;
}
