// Which chunks of a protocol a fault is about. Both clients write a command in one piece, so a chunk
// that holds the command's name is that command.

/** One of our scripts is called, alone or in a pipeline. */
export function callsScript(chunk: Buffer): boolean {
  return chunk.includes('evalsha\r\n') || chunk.includes('eval\r\n');
}

/** A header of 4 bytes, the command byte, perhaps 2 bytes of attributes, and the word. */
const COMMIT_BYTES_MAX = 4 + 1 + 2 + 'COMMIT'.length;
const COM_QUERY = 3;

/** MySQL is told to commit. */
export function commits(chunk: Buffer): boolean {
  if (chunk.length > COMMIT_BYTES_MAX || chunk[4] !== COM_QUERY) return false;
  return chunk.subarray(-6).toString('latin1') === 'COMMIT';
}
