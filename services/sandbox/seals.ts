// How a callback is signed: the true way, and the ways in which a forger may try.

import { createHmac, randomBytes } from 'node:crypto';
import type { Forgery } from './fault-rules.js';
import type { LedgerEvent } from './records.js';

/** Signs a body at a time, in seconds; a forger may hand on another body than it signed. */
export type Seal = (seconds: number, body: string) => { signature: string; body: string };

export function sign(secret: string, seconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

export function trueSeal(secret: string): Seal {
  return (seconds, body) => ({ signature: sign(secret, seconds, body), body });
}

/** More than any receiver allows between signing and taking. */
const WRONG_BY_SECONDS = 900;

/**
 * The first four are made without the secret or from an old callback. The others are truly signed, as if
 * the provider itself were wrong: only what the receiver knows tells them. A `success` of a charge that
 * failed it cannot know: the statement has no such money.
 */
export function forged(
  how: Forgery,
  event: LedgerEvent,
  secret: string,
): { event: LedgerEvent; seal: Seal } {
  const seal = trueSeal(secret);
  const { data } = event;
  const { amount } = data;
  switch (how) {
    case 'signature':
      return { event, seal: trueSeal(randomBytes(16).toString('hex')) };
    case 'body':
      return { event, seal: (at, body) => ({ ...seal(at, body), body: body.replace('{', '{ ') }) };
    case 'stale':
      return { event, seal: (at, body) => seal(at - WRONG_BY_SECONDS, body) };
    case 'future':
      return { event, seal: (at, body) => seal(at + WRONG_BY_SECONDS, body) };
    case 'amount':
      return lie(event, seal, { amount: { ...amount, amount_minor: amount.amount_minor + 1 } });
    case 'currency':
      return lie(event, seal, { amount: { ...amount, currency: 'XTS' } });
    case 'reference':
      return lie(event, seal, { reference: another(data.reference) });
    case 'success':
      return { event: { ...event, id: `${event.id}_forged`, type: 'charge.succeeded' }, seal };
  }
}

/** As long as it was, so that it can be somebody's. */
function another(reference: string): string {
  const digit = /[0-9]$/.exec(reference)?.[0];
  return digit === undefined
    ? `${reference}1`
    : `${reference.slice(0, -1)}${(Number(digit) + 1) % 10}`;
}

function lie(event: LedgerEvent, seal: Seal, change: Partial<LedgerEvent['data']>) {
  return { event: { ...event, data: { ...event.data, ...change } }, seal };
}
