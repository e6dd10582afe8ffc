// Tells whether two requests under one key say the same. Parts are length-prefixed, so that moving
// a character from one part to the next changes the digest.

import { hash } from 'node:crypto';

/** 22 characters: base64url of the first 16 bytes of the SHA-256 of the parts. */
export function requestDigest(...parts: string[]): string {
  let text = '';
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return hash('sha256', text, 'buffer').subarray(0, 16).toString('base64url');
}
