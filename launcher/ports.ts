// Free loopback ports. Taken from below the ephemeral range (32768 up on Linux, 49152 up
// elsewhere): a port inside it can be taken, between our look and the listen, by somebody's
// outgoing connection; a client retrying towards it may even connect to itself.
import { randomInt } from 'node:crypto';
import getPort from 'get-port';

const PORT_MIN = 20_000;
const PORT_MAX = 29_999;
const EPHEMERAL_PORT_MIN = 32_768;
/** All taken is next to impossible on one machine; get-port then falls back to any free port. */
const CANDIDATES = 50;

export const LOOPBACK = '127.0.0.1';

export function freePort(): Promise<number> {
  const candidates = Array.from({ length: CANDIDATES }, () => randomInt(PORT_MIN, PORT_MAX + 1));
  return getPort({ host: LOOPBACK, port: candidates });
}

/** A port whose partner at this distance above it is free too, and below the ephemeral range. */
export async function freePortPair(distance: number): Promise<number> {
  for (let attempt = 1; attempt <= CANDIDATES; attempt += 1) {
    const port = await getPort({
      host: LOOPBACK,
      port: [randomInt(PORT_MIN, EPHEMERAL_PORT_MIN - distance)],
    });
    const partner = port + distance;
    // get-port answers another port when it is not to be had.
    if (partner < EPHEMERAL_PORT_MIN) {
      if ((await getPort({ host: LOOPBACK, port: [partner] })) === partner) return port;
    }
  }
  throw new Error(`no two free ports at a distance of ${distance} in ${CANDIDATES} attempts`);
}
