// Whether the fields of a request are as HTTP/2 wants them (RFC 9113, section 8.2 and 8.3).

import type { Field } from './field.js';

const COLON = 0x3a;
const PSEUDO = new Set([':method', ':scheme', ':path', ':authority']);
const REQUIRED = [':method', ':scheme', ':path'];
/** These speak of the connection, which is not theirs. */
const FORBIDDEN = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const CAPITAL = /[A-Z]/;

export function wellFormed(fields: readonly Field[]): boolean {
  const seen: string[] = [];
  let pseudo = true;
  for (const { name, value } of fields) {
    if (name.charCodeAt(0) === COLON) {
      if (!pseudo || !PSEUDO.has(name) || seen.includes(name)) return false;
      seen.push(name);
      if (name === ':path' && value === '') return false;
      continue;
    }
    pseudo = false;
    if (name === '' || FORBIDDEN.has(name) || CAPITAL.test(name)) return false;
    if (name === 'te' && value !== 'trailers') return false;
  }
  return REQUIRED.every((name) => seen.includes(name));
}

/** The fields that end a request may not begin one. */
export function wellFormedTrailers(fields: readonly Field[]): boolean {
  return fields.every(({ name }) => name.charCodeAt(0) !== COLON && !CAPITAL.test(name));
}
