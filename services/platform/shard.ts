// Maps a key to one of 64 logical shards. Rows are stored by this number, so the function must give
// the same answer for ever; the test pins it.

export const SHARDS = 64;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 0..63: FNV-1a over the UTF-8 bytes, then an avalanche: FNV mixes its last bytes badly. */
export function shardOf(key: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code > 0x7f) return avalanche(hashBytes(key)) & (SHARDS - 1);
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return avalanche(hash) & (SHARDS - 1);
}

function hashBytes(key: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash;
}

// The finalizer of MurmurHash3: every input bit changes every output bit with probability 1/2.
function avalanche(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
