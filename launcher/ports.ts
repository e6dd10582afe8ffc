// Free loopback ports. Taken from below the ephemeral range (32768 up on Linux, 49152 up
// elsewhere): a port inside it can be taken, between our look and the listen, by somebody's
// outgoing connection; a client retrying towards it may even connect to itself.
import { randomInt } from 'node:crypto';
import getPort from 'get-port';

const PORT_MIN = 20_000;
const PORT_MAX = 29_999;
/** All taken is next to impossible on one machine; get-port then falls back to any free port. */
const CANDIDATES = 50;

export const LOOPBACK = '127.0.0.1';

export function freePort(): Promise<number> {
  const candidates = Array.from({ length: CANDIDATES }, () => randomInt(PORT_MIN, PORT_MAX + 1));
  return getPort({ host: LOOPBACK, port: candidates });
}
