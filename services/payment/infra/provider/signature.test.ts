// Forgeries: every way to change a signed callback that we could think of is refused, none throws.

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

function read(header: string, body: string | Uint8Array) {
  return provider.readEvent(header, typeof body === 'string' ? Buffer.from(body) : body).outcome;
}

const GOOD = signed(BODY);
const V1 = hmac(`${NOW}.${BODY}`);

describe('genuine', () => {
  test.each([
    ['signed now', GOOD],
    ['signed with the former secret', signed(BODY, NOW, OLD_SECRET)],
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
    ['empty', ''],
    ['one word', 'signature'],
    ['only commas', ',,,'],
    ['no time', `v1=${V1}`],
    ['no signature', `t=${NOW}`],
    ['empty signature', `t=${NOW},v1=`],
    ['two times', `t=${NOW},${GOOD}`],
    ['other time, old signature', `t=${NOW + 1},v1=${V1}`],
    ['time is no number', `t=now,v1=${V1}`],
    ['time is negative', `t=-${NOW},v1=${V1}`],
    ['time is a fraction', `t=${NOW}.0,v1=${V1}`],
    ['time is endless', `t=${'9'.repeat(400)},v1=${V1}`],
    ['signature too short', `t=${NOW},v1=${V1.slice(2)}`],
    ['signature too long', `t=${NOW},v1=${V1}00`],
    ['signature in capitals', `t=${NOW},v1=${V1.toUpperCase()}`],
    ['signature not hex', `t=${NOW},v1=${'z'.repeat(64)}`],
    ['signature of another kind', `t=${NOW},v0=${V1}`],
    ['wrong secret', signed(BODY, NOW, 'the-secret-of-somebody')],
    ['empty secret', signed(BODY, NOW, '')],
    ['signed 301 s ago', signed(BODY, NOW - 301)],
    ['signed 301 s ahead', signed(BODY, NOW + 301)],
    ['seconds taken for milliseconds', signed(BODY, NOW * 1_000)],
    ['body signed without its time', `t=${NOW},v1=${hmac(BODY)}`],
    ['nine signatures', `t=${NOW}${`,v1=${V1}`.repeat(9)}`],
    ['odd characters', `t=${NOW},v1=\u0000\uFFFF`],
  ])('%s', (_, header) => expect(read(header, BODY)).toBe('FORGED'));

  test('any hex digit of the signature', () => {
    for (let i = 0; i < V1.length; i++) {
      const digit = V1[i] === '0' ? '1' : '0';
      const header = `t=${NOW},v1=${V1.slice(0, i)}${digit}${V1.slice(i + 1)}`;
      expect([i, read(header, BODY)]).toEqual([i, 'FORGED']);
    }
  });
});

describe('forged bodies', () => {
  test('any byte', () => {
    for (let i = 0; i < BODY.length; i++) {
      const body = Buffer.from(BODY);
      body[i] = (body[i] ?? 0) ^ 1;
      expect([i, read(GOOD, body)]).toEqual([i, 'FORGED']);
    }
  });

  test.each([
    ['written again with spaces', JSON.stringify(EVENT, null, 1)],
    ['written again in another order', reordered],
    ['with a byte more', `${BODY} `],
    ['with a byte less', BODY.slice(0, -1)],
    ['empty', ''],
  ])('%s', (_, body) => expect(read(GOOD, body)).toBe(body === BODY ? 'EVENT' : 'FORGED'));

  test.each([
    ['nothing', ''],
    ['no JSON', 'charge.succeeded'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no data', JSON.stringify({ ...EVENT, data: undefined })],
    ['no id', JSON.stringify({ ...EVENT, id: undefined })],
    ['an id of 81 characters', JSON.stringify({ ...EVENT, id: 'e'.repeat(81) })],
    ['an id that is no ASCII', JSON.stringify({ ...EVENT, id: 'évt' })],
    ['a fraction of a cent', JSON.stringify(withAmount(0.5))],
    ['a negative amount', JSON.stringify(withAmount(-1))],
    ['an amount beyond 10^15', JSON.stringify(withAmount(1e15 + 1))],
    ['an amount in text', JSON.stringify(withAmount('500'))],
  ])('signed, but not an event: %s', (_, body) => expect(read(signed(body), body)).toBe('FORGED'));

  test('signed, but not UTF-8', () => {
    const body = Buffer.from([0xff, 0xfe]);
    const digest = createHmac('sha256', SECRET).update(`${NOW}.`).update(body).digest('hex');
    expect(read(`t=${NOW},v1=${digest}`, body)).toBe('FORGED');
  });
});

function withAmount(amount_minor: unknown) {
  return { ...EVENT, data: { ...EVENT.data, amount: { currency: 'EUR', amount_minor } } };
}
