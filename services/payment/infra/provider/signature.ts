// Checks that a callback was signed by somebody who knows one of our secrets, a short time ago, over
// exactly these bytes. Header: `t=<unix seconds>,v1=<hex>[,v1=<hex>]`, the HMAC-SHA256 of "t.body". Several
// secrets and several signatures let either side change its secret without a gap.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** A replay within this time is caught by the event's id, which is kept for longer. */
export const AGE_SECONDS_MAX = 300;

/** A provider that changes its secret sends two; more only cost us time. */
const SIGNATURES_MAX = 8;

/** Undefined when the signature holds, else what is wrong with it. Never throws. */
export function signatureProblem(
  header: string,
  body: Uint8Array,
  secrets: readonly string[],
  nowMs: number,
): string | undefined {
  const parts = header.split(',').map((part) => part.trim());
  const times = valuesOf(parts, 't=').filter((value) => /^[0-9]{1,12}$/.test(value));
  const signatures = valuesOf(parts, 'v1=').filter((value) => /^[0-9a-f]{64}$/.test(value));
  const [time] = times;
  if (time === undefined || times.length > 1) return 'no single time in the signature';
  if (signatures.length === 0) return 'no signature of a known form';
  if (signatures.length > SIGNATURES_MAX) return 'too many signatures';
  const expected = secrets.map((secret) => hmac(secret, time, body));
  const given = signatures.map((signature) => Buffer.from(signature, 'hex'));
  // Every pair is compared, so that the time taken tells nothing.
  const hits = expected.flatMap((e) => given.filter((g) => timingSafeEqual(e, g)));
  if (hits.length === 0) return 'signature does not match';
  const ageSeconds = Math.abs(nowMs / 1_000 - Number(time));
  return ageSeconds > AGE_SECONDS_MAX ? 'signed too long ago or in the future' : undefined;
}

function valuesOf(parts: readonly string[], prefix: string): string[] {
  return parts.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length));
}

function hmac(secret: string, time: string, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${time}.`).update(body).digest();
}
