// Reads a request's body whole, byte for byte, up to a limit. What is over the limit is thrown away
// as it arrives, so that a polite sender hears the refusal instead of a broken connection; a sender
// that goes on and on is cut off.
import type { IncomingMessage } from 'node:http';
import { declaredBytes } from './reply.js';

export type Body =
  | { outcome: 'READ'; bytes: Buffer }
  | { outcome: 'TOO_LARGE' }
  | { outcome: 'BROKEN' };

// A sender that has not noticed the refusal after this many times the limit never will.
const DISCARD_FACTOR = 16;

export async function readBody(req: IncomingMessage, bytesMax: number): Promise<Body> {
  if (declaredBytes(req) > bytesMax * DISCARD_FACTOR) return { outcome: 'TOO_LARGE' };
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks = [];
      if (bytes > bytesMax * DISCARD_FACTOR) {
        req.removeAllListeners('data').pause();
        resolve({ outcome: 'TOO_LARGE' });
      }
    });
    req.once('end', () => {
      if (bytes > bytesMax) resolve({ outcome: 'TOO_LARGE' });
      else resolve({ outcome: 'READ', bytes: Buffer.concat(chunks, bytes) });
    });
    req.once('error', () => resolve({ outcome: 'BROKEN' }));
    req.once('close', () => resolve({ outcome: 'BROKEN' }));
  });
}
