// Times as the contract has them. A plain object: the library makes a message, which takes ten times as
// long and is read once.

/** Milliseconds since 1970, none before. */
export function timestampOf(ms: number): { seconds: bigint; nanos: number } {
  const rest = ms % 1000;
  return { seconds: BigInt((ms - rest) / 1000), nanos: Math.floor(rest * 1_000_000) };
}
