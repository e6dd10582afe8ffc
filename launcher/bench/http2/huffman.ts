// Reads the Huffman code of HPACK (RFC 7541, appendix B). The code is canonical, so the lengths say
// everything: letters of one length are numbered upwards, and a longer code goes on where the
// shorter ones ended. Only the letters that header values of gRPC are made of are known.

/** Letters by the length of their code in bits, each group in ascending order. */
const LETTERS: readonly [bits: number, letters: string][] = [
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
  [10, '!"()?'],
  [11, "'+|"],
  [12, '#>'],
  [13, '\0$@[]~'],
  [14, '^}'],
  [15, '<`{'],
  [19, '\\'],
];
const BITS_MAX = 19;

const table = makeTable();

export function readHuffman(bytes: Buffer, from: number, end: number): string {
  let text = '';
  let code = 0;
  let bits = 0;
  for (let at = from; at < end; at++) {
    const byte = bytes[at] as number;
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      bits += 1;
      const letter = table.get(keyOf(bits, code));
      if (letter === undefined) {
        if (bits >= BITS_MAX) throw new Error('a header value in letters that nobody expects');
        continue;
      }
      text += letter;
      [code, bits] = [0, 0];
    }
  }
  // The last byte is filled with ones, the beginning of a code that never ends.
  return text;
}

function makeTable(): ReadonlyMap<number, string> {
  const letters = new Map<number, string>();
  let code = 0;
  let length = 0;
  for (const [bits, group] of LETTERS) {
    code <<= bits - length;
    length = bits;
    for (const letter of group) letters.set(keyOf(bits, code++), letter);
  }
  return letters;
}

function keyOf(bits: number, code: number): number {
  return bits * 2 ** BITS_MAX + code;
}
