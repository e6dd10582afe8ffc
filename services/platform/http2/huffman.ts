// The Huffman code of HPACK (RFC 7541, appendix B), for reading only: what we write is never coded.
// The code is canonical, so the lengths of its 257 words say it all: words of one length are numbers in
// a row, in the order of their letters, and the first of them follows from the words that are shorter.

/** One letter in base 32 for each octet from 0 to 255, and one for the end of string. */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad6777777777777777777777787' +
  '8djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllml' +
  'nmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';
const END_OF_STRING = 256;
const BITS_MAX = 30;

interface Words {
  /** The smallest word of this length, as a number, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** Where its letters begin in SYMBOLS. */
  readonly offset: number;
}

const SYMBOLS: number[] = [];
const WORDS: Words[] = [];
for (let bits = 0, next = 0; bits <= BITS_MAX; bits++) {
  const offset = SYMBOLS.length;
  for (let symbol = 0; symbol <= END_OF_STRING; symbol++) {
    if (Number.parseInt(LENGTHS.charAt(symbol), 32) === bits) SYMBOLS.push(symbol);
  }
  const count = SYMBOLS.length - offset;
  WORDS.push({ first: next, count, offset });
  next = (next + count) * 2;
}

/**
 * Undefined for what no encoder may send: the end of string as a letter, or an end that is not up to
 * seven ones.
 */
export function huffmanDecoded(bytes: Buffer, start: number, end: number): string | undefined {
  let text = '';
  let word = 0;
  let bits = 0;
  let ones = true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >> bit) & 1;
      word = word * 2 + one;
      bits += 1;
      ones = ones && one === 1;
      const words = WORDS[bits];
      if (words === undefined) return undefined;
      const index = word - words.first;
      if (index >= words.count || index < 0) continue;
      const symbol = SYMBOLS[words.offset + index] as number;
      if (symbol === END_OF_STRING) return undefined;
      text += String.fromCharCode(symbol);
      word = 0;
      bits = 0;
      ones = true;
    }
  }
  return bits < 8 && ones ? text : undefined;
}
