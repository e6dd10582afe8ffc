// The provider from outside: what it takes, what it refuses, whom it calls back, and what it remembers.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { call, eventually, get, Receiver, startSandbox } from './sandbox.fixture.js';

let receiver: Receiver;
let stops: (() => unknown)[];

beforeEach(async () => {
  stops = [];
  receiver = new Receiver();
  await receiver.start();
});
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
  await receiver.stop();
});

const order = (more: object = {}) => receiver.order(more);

describe('charges', () => {
  test.each([
    ['card', 'processing', 'charge.succeeded'],
    ['card_declined', 'processing', 'charge.failed'],
  ])('%s: first %s, then %s', async (method, status, type) => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const first = await call(`${url}/v1/charges`, 'p-7-1', order({ method }));
    expect(first).toMatchObject({ status: 200, body: { status, redirect_url: '' } });
    await eventually(() => expect(receiver.types()).toEqual([type]));
    expect(receiver.unsigned).toBe(0);
    expect(receiver.heard[0]?.data).toMatchObject({ reference: 'p-7', idempotency_key: 'p-7-1' });
    expect(await call(`${url}/v1/charges`, 'p-7-1', order({ method }))).toEqual(first);
    const found = await get(`${url}/v1/charges?idempotency_key=p-7-1`);
    expect(JSON.parse(found.text).status).toBe(type.slice('charge.'.length));
    expect(receiver.heard).toHaveLength(1);
  });

  test('card_redirect waits for the buyer', async () => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const { body } = await call(`${url}/v1/charges`, 'k', order({ method: 'card_redirect' }));
    expect(body.status).toBe('initialised');
    const early = { charge: body.number, amount: { currency: 'EUR', amount_minor: 1 } };
    expect((await call(`${url}/v1/refunds`, 'early', early)).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(receiver.heard).toEqual([]);
    for (const visit of [1, 2]) {
      expect([visit, (await get(`${url}${body.redirect_url}`)).status]).toEqual([visit, 200]);
    }
    await eventually(() => expect(receiver.types()).toEqual(['charge.succeeded']));
    expect((await get(`${url}/pay/ch_none`)).status).toBe(404);
  });

  test('one key, one charge', async () => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const { body } = await call(`${url}/v1/charges`, 'k', order());
    const moved = await call(`${url}/v1/charges`, 'k', order({ callback_url: 'http://x/' }));
    expect(moved.body.number).toBe(body.number);
    const other = order({ amount: { currency: 'EUR', amount_minor: 501 } });
    expect((await call(`${url}/v1/charges`, 'k', other)).status).toBe(409);
    expect((await call(`${url}/v1/charges`, 'k', order({ reference: 'p-8' }))).status).toBe(409);
    expect((await get(`${url}/v1/charges?idempotency_key=none`)).status).toBe(404);
  });
});

describe('refunds', () => {
  test('partly, again, too much, and totals that agree with the statement', async () => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const { body } = await call(`${url}/v1/charges`, 'k', order());
    const refund = (key: string, amount_minor: number, currency = 'EUR') =>
      call(`${url}/v1/refunds`, key, { charge: body.number, amount: { currency, amount_minor } });
    await eventually(() => expect(receiver.heard.length).toBeGreaterThan(0));
    const statuses = [];
    for (const [key, amount] of [
      ['a', 200],
      ['a', 200],
      ['a', 1],
      ['b', 301],
    ] as const) {
      statuses.push((await refund(key, amount)).status);
    }
    expect(statuses).toEqual([200, 200, 409, 422]);
    expect((await refund('c', 1, 'USD')).status).toBe(422);
    await eventually(() => expect(receiver.types()).toContain('refund.succeeded'));
    expect(JSON.parse((await get(`${url}/v1/totals`)).text)).toEqual({
      captured_minor: { EUR: 500 },
      refunded_minor: { EUR: 200 },
    });
    const lines = (await get(`${url}/v1/statement`)).text.trim().split('\n');
    const movements = lines.map((line) => JSON.parse(line));
    expect(movements).toMatchObject([
      { kind: 'charge', key: 'k', amount_minor: 500, currency: 'EUR', reference: 'p-7' },
      { kind: 'refund', key: 'a', amount_minor: 200, currency: 'EUR', reference: 'p-7' },
    ]);
    const csv = (await get(`${url}/v1/statement.csv`)).text;
    const rows = movements.map(({ at_ms, number, kind, reference, key, currency, amount_minor }) =>
      [new Date(at_ms).toISOString(), number, kind, reference, key, currency, amount_minor].join(),
    );
    const head = 'date,number,kind,reference,key,currency,amount_minor';
    expect(csv).toBe(`${[head, ...rows].join('\r\n')}\r\n`);
  });
});

describe('bad input is answered, with the reason', () => {
  test.each<[string, string, string | undefined, unknown, number]>([
    ['no key', '/v1/charges', undefined, {}, 400],
    ['no body', '/v1/charges', 'k', '', 400],
    ['no JSON', '/v1/charges', 'k', 'charge', 400],
    ['a list', '/v1/charges', 'k', [], 400],
    ['unknown method', '/v1/charges', 'k', { method: 'cowries' }, 400],
    ['half a cent', '/v1/charges', 'k', { amount: { currency: 'EUR', amount_minor: 0.5 } }, 400],
    [
      'less than nothing',
      '/v1/charges',
      'k',
      { amount: { currency: 'EUR', amount_minor: -1 } },
      400,
    ],
    ['small currency', '/v1/charges', 'k', { amount: { currency: 'eur', amount_minor: 1 } }, 400],
    ['markup', '/v1/charges', 'k', { reference: '<script>' }, 400],
    ['no URL', '/v1/charges', 'k', { callback_url: 'gateway' }, 400],
    ['too large', '/v1/charges', 'k', { reference: 'x'.repeat(20_000) }, 400],
    ['refund of nothing', '/v1/refunds', 'k', { charge: 'ch_1' }, 400],
    ['no such page', '/v2/charges', 'k', {}, 404],
  ])('%s', async (_, page, key, body, status) => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const whole = page === '/v1/charges' && isPart(body) ? { ...order(), ...body } : body;
    const answer = await call(`${url}${page}`, key, whole);
    expect(answer).toMatchObject({ status, body: { error: { message: expect.any(String) } } });
  });

  const isPart = (body: unknown): body is object =>
    typeof body === 'object' && !Array.isArray(body);
});

test('a callback is repeated until it is taken', async () => {
  const { url, stop } = await startSandbox();
  stops.push(stop);
  receiver.refusals = 2;
  await call(`${url}/v1/charges`, 'k', order());
  await eventually(() => expect(receiver.heard).toHaveLength(3));
  expect(new Set(receiver.heard.map((event) => event.data.number)).size).toBe(1);
});

test('with a file it forgets nothing: neither charges, nor what nobody has taken yet', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'sandbox-'));
  stops.push(() => rmSync(dir, { recursive: true }));
  const file = path.join(dir, 'ledger.jsonl');
  const before = await startSandbox(file);
  receiver.refusals = 1_000;
  const { body } = await call(`${before.url}/v1/charges`, 'k', order());
  await eventually(() => expect(receiver.heard.length).toBeGreaterThan(0));
  await before.stop();

  writeFileSync(file, `${readFileSync(file, 'utf8')}{"entry":"cut sh`);
  receiver.forget();
  const after = await startSandbox(file);
  stops.push(after.stop);
  expect((await call(`${after.url}/v1/charges`, 'k', order())).body).toEqual(body);
  for (const event of after.ledger.unfinished().tell) after.postman.tell(event);
  await eventually(() =>
    expect(receiver.heard.map((event) => event.data.number)).toEqual([body.number]),
  );
  await eventually(() => expect(after.ledger.unfinished().tell).toEqual([]));
  expect(readFileSync(file, 'utf8')).not.toContain('cut sh');
});
