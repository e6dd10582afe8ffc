// Forgeries: every way to change a signed callback that we could think of is refused, each for its own
// reason, none throws. The same table against a running mesh is told in test/scenarios/forgery.ts.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../../platform/clock.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { JsonHttp } from './json-http.js';
import { SandboxProvider } from './sandbox-provider.js';

const NOW = 1_800_000_000;
const SECRET = 'the-secret-of-today';
const OLD_SECRET = 'the-secret-of-yesterday';

const EVENT = {
  id: 'evt_1',
  type: 'charge.succeeded',
  created: NOW,
  data: {
    number: 'ch_1',
    reference: 'p-7',
    amount: { currency: 'EUR', amount_minor: 500 },
    idempotency_key: 'p-7-1',
  },
};
const BODY = JSON.stringify(EVENT);
const reordered = JSON.stringify(Object.fromEntries(Object.entries(EVENT).reverse()));

const clock = new ManualClock(NOW * 1_000);
const provider = new SandboxProvider({
  http: new JsonHttp({
    baseUrl: 'http://127.0.0.1:9',
    connectionsMax: 1,
    waitingMax: 0,
    connectMsMax: 1,
    totalMsMax: 1,
  }),
  breaker: new CircuitBreaker({ failuresMax: 1, openMs: 1, probeMsMax: 1, clock }),
  clock,
  callbackUrl: 'http://127.0.0.1:9/',
  secrets: [SECRET, OLD_SECRET],
});

function hmac(text: string, secret = SECRET): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function signed(body: string, seconds = NOW, secret = SECRET): string {
  return `t=${seconds},v1=${hmac(`${seconds}.${body}`, secret)}`;
}

/** EVENT, IGNORED, or why it is refused. */
function read(header: string, body: string | Uint8Array): string {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const reading = provider.readEvent(header, bytes);
  return reading.outcome === 'FORGED' ? reading.reason : reading.outcome;
}

const NO_TIME = 'no single time in the signature';
const NO_SIGNATURE = 'no signature of a known form';
const NO_MATCH = 'signature does not match';
const WRONG_AGE = 'signed too long ago or in the future';
const NO_EVENT = 'not an event';
const PARTS_MISSING = 'an event with missing parts';

const GOOD = signed(BODY);
const V1 = hmac(`${NOW}.${BODY}`);
const OLD_V1 = hmac(`${NOW}.${BODY}`, OLD_SECRET);

describe('genuine', () => {
  test.each([
    ['signed now', GOOD],
    ['signed with the former secret', signed(BODY, NOW, OLD_SECRET)],
    ['signed with both, while the secret changes', `${GOOD},v1=${OLD_V1}`],
    ['signed with an unknown one and the former', `t=${NOW},v1=${'0'.repeat(64)},v1=${OLD_V1}`],
    ['signed 300 s ago', signed(BODY, NOW - 300)],
    ['signed 300 s ahead', signed(BODY, NOW + 300)],
    ['with spaces after the comma', GOOD.replace(',', ', ')],
    ['with a second, unknown signature', `${GOOD},v1=${'0'.repeat(64)}`],
    ['with a signature of a later kind', `v2=abc,${GOOD}`],
  ])('%s', (_, header) => expect(read(header, BODY)).toBe('EVENT'));

  test('all of it arrives', () => {
    expect(provider.readEvent(GOOD, Buffer.from(BODY))).toEqual({
      outcome: 'EVENT',
      event: {
        eventId: 'evt_1',
        kind: 'charge.succeeded',
        number: 'ch_1',
        reference: 'p-7',
        key: 'p-7-1',
        currency: 'EUR',
        amountMinor: 500n,
        createdMs: NOW * 1_000,
      },
    });
  });

  test('a kind that nobody needs is ignored, not refused', () => {
    const body = JSON.stringify({ ...EVENT, type: 'payout.created' });
    expect(read(signed(body), body)).toBe('IGNORED');
  });
});

describe('forged headers', () => {
  test.each([
    ['empty', '', NO_TIME],
    ['one word', 'signature', NO_TIME],
    ['only commas', ',,,', NO_TIME],
    ['no time', `v1=${V1}`, NO_TIME],
    ['no signature', `t=${NOW}`, NO_SIGNATURE],
    ['empty signature', `t=${NOW},v1=`, NO_SIGNATURE],
    ['two times', `t=${NOW},${GOOD}`, NO_TIME],
    ['the header twice', `${GOOD}, ${GOOD}`, NO_TIME],
    ['other time, old signature', `t=${NOW + 1},v1=${V1}`, NO_MATCH],
    ['time is no number', `t=now,v1=${V1}`, NO_TIME],
    ['time is negative', `t=-${NOW},v1=${V1}`, NO_TIME],
    ['time is a fraction', `t=${NOW}.0,v1=${V1}`, NO_TIME],
    ['time is endless', `t=${'9'.repeat(400)},v1=${V1}`, NO_TIME],
    ['signature too short', `t=${NOW},v1=${V1.slice(2)}`, NO_SIGNATURE],
    ['signature too long', `t=${NOW},v1=${V1}00`, NO_SIGNATURE],
    ['signature in capitals', `t=${NOW},v1=${V1.toUpperCase()}`, NO_SIGNATURE],
    ['signature not hex', `t=${NOW},v1=${'z'.repeat(64)}`, NO_SIGNATURE],
    ['signature of another kind', `t=${NOW},v0=${V1}`, NO_SIGNATURE],
    ['wrong secret', signed(BODY, NOW, 'the-secret-of-somebody'), NO_MATCH],
    ['empty secret', signed(BODY, NOW, ''), NO_MATCH],
    ['signed 301 s ago', signed(BODY, NOW - 301), WRONG_AGE],
    ['signed 301 s ahead', signed(BODY, NOW + 301), WRONG_AGE],
    ['signed 301 s ago with the former secret', signed(BODY, NOW - 301, OLD_SECRET), WRONG_AGE],
    ['seconds taken for milliseconds', signed(BODY, NOW * 1_000), NO_TIME],
    ['body signed without its time', `t=${NOW},v1=${hmac(BODY)}`, NO_MATCH],
    ['nine signatures', `t=${NOW}${`,v1=${V1}`.repeat(9)}`, 'too many signatures'],
    ['odd characters', `t=${NOW},v1=\u0000\uFFFF`, NO_SIGNATURE],
  ])('%s', (_, header, reason) => expect(read(header, BODY)).toBe(reason));

  test('any bit of any byte', () => {
    const genuine = Buffer.from(GOOD, 'latin1');
    const taken: string[] = [];
    for (const [i, byte] of genuine.entries()) {
      for (let bit = 0; bit < 8; bit += 1) {
        const header = Buffer.from(genuine);
        header[i] = byte ^ (1 << bit);
        const text = header.toString('latin1');
        const answer = read(text, BODY);
        if (![NO_TIME, NO_SIGNATURE, NO_MATCH].includes(answer)) taken.push(`${text}: ${answer}`);
      }
    }
    expect(taken).toEqual([]);
  });
});

describe('forged bodies', () => {
  test('any bit of any byte', () => {
    const genuine = Buffer.from(BODY);
    const taken: string[] = [];
    for (const [i, byte] of genuine.entries()) {
      for (let bit = 0; bit < 8; bit += 1) {
        const body = Buffer.from(genuine);
        body[i] = byte ^ (1 << bit);
        if (read(GOOD, body) !== NO_MATCH) taken.push(body.toString('latin1'));
      }
    }
    expect(taken).toEqual([]);
  });

  test('cut short anywhere', () => {
    const lengths = Array.from({ length: BODY.length }, (_, length) => length);
    expect(lengths.filter((length) => read(GOOD, BODY.slice(0, length)) !== NO_MATCH)).toEqual([]);
  });

  test.each([
    ['written again with spaces', JSON.stringify(EVENT, null, 1)],
    ['written again in another order', reordered],
    ['with a byte more', `${BODY} `],
    ['twice', BODY + BODY],
    ['empty', ''],
  ])('%s', (_, body) => expect(read(GOOD, body)).toBe(NO_MATCH));

  test.each([
    ['nothing', '', NO_EVENT],
    ['no JSON', 'charge.succeeded', NO_EVENT],
    ['null', 'null', NO_EVENT],
    ['a list', '[]', NO_EVENT],
    ['no id', JSON.stringify({ ...EVENT, id: undefined }), NO_EVENT],
    ['an id of 81 characters', JSON.stringify({ ...EVENT, id: 'e'.repeat(81) }), NO_EVENT],
    ['an id that is no ASCII', JSON.stringify({ ...EVENT, id: 'évt' }), NO_EVENT],
    ['no data', JSON.stringify({ ...EVENT, data: undefined }), PARTS_MISSING],
    ['a fraction of a cent', JSON.stringify(withAmount(0.5)), PARTS_MISSING],
    ['a negative amount', JSON.stringify(withAmount(-1)), PARTS_MISSING],
    ['an amount beyond 10^15', JSON.stringify(withAmount(1e15 + 1)), PARTS_MISSING],
    ['an amount in text', JSON.stringify(withAmount('500')), PARTS_MISSING],
  ])('signed, but not an event: %s', (_, body, reason) => {
    expect(read(signed(body), body)).toBe(reason);
  });

  test('signed, but not UTF-8', () => {
    const body = Buffer.from([0xff, 0xfe]);
    const digest = createHmac('sha256', SECRET).update(`${NOW}.`).update(body).digest('hex');
    expect(read(`t=${NOW},v1=${digest}`, body)).toBe(NO_EVENT);
  });
});

function withAmount(amount_minor: unknown) {
  return { ...EVENT, data: { ...EVENT.data, amount: { currency: 'EUR', amount_minor } } };
}
