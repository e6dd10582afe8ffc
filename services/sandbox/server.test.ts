// The provider from outside: what it takes, what it refuses, whom it calls back, and what it remembers.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Callbacks, sign } from './callbacks.js';
import { openJournal } from './journal.js';
import { Ledger } from './ledger.js';
import { SandboxServer } from './server.js';

const SECRET = 'sandbox-test-secret';
const log = pino({ level: 'silent' });

let receiver: Server;
let callbackUrl: string;
/** How often a callback is refused before it is taken. */
let refusals: number;
let heard: { type: string; data: { number: string } }[];
let unsigned: number;
let stops: (() => unknown)[];

beforeEach(async () => {
  [refusals, heard, unsigned, stops] = [0, [], 0, []];
  receiver = createServer((request, response) => void hear(request, response));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  callbackUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/callbacks`;
});

async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const signature = String(request.headers['spillway-signature']);
  const seconds = Number(/^t=([0-9]+),/.exec(signature)?.[1]);
  if (signature !== sign(SECRET, seconds, body)) unsigned += 1;
  heard.push(JSON.parse(body));
  response.writeHead(refusals-- > 0 ? 503 : 200).end();
}

afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

async function startSandbox(file?: string) {
  const journal = openJournal(file);
  let numbers = journal.entries.length;
  const ledger = new Ledger({
    write: (entry) => journal.write(entry),
    newNumber: (prefix) => `${prefix}_${++numbers}`,
    nowMs: () => Date.now(),
    payUrl: (number) => `/pay/${number}`,
  });
  for (const entry of journal.entries) ledger.replay(entry);
  const callbacks = new Callbacks({
    secret: SECRET,
    log,
    onTaken: (event) => ledger.taken(event.data.number),
  });
  const tell = callbacks.send.bind(callbacks);
  const server = new SandboxServer({ ledger, tell, delayMs: 5, log });
  const stop = async () => {
    await server.stop();
    callbacks.stop();
    journal.close();
  };
  const url = `http://127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  return { url, ledger, callbacks, stop };
}

async function call(url: string, key: string | undefined, body: unknown) {
  const response = await fetch(url, {
    method: 'POST',
    headers: key === undefined ? {} : { 'idempotency-key': key },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<'number' | 'status' | 'redirect_url', string>;
  return { status: response.status, body: answer };
}

function order(more: object = {}) {
  const amount = { currency: 'EUR', amount_minor: 500 };
  return { amount, reference: 'p-7', method: 'card', callback_url: callbackUrl, ...more };
}

async function get(url: string) {
  const response = await fetch(url);
  const text = await response.text();
  return { status: response.status, text };
}

async function eventually(check: () => unknown): Promise<void> {
  const endMs = Date.now() + 3_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

describe('charges', () => {
  test.each([
    ['card', 'processing', 'charge.succeeded'],
    ['card_declined', 'processing', 'charge.failed'],
  ])('%s: first %s, then %s', async (method, status, type) => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const first = await call(`${url}/v1/charges`, 'p-7-1', order({ method }));
    expect(first).toMatchObject({ status: 200, body: { status, redirect_url: '' } });
    await eventually(() => expect(heard.map((event) => event.type)).toEqual([type]));
    expect(unsigned).toBe(0);
    expect(heard[0]?.data).toMatchObject({ reference: 'p-7', idempotency_key: 'p-7-1' });
    expect(await call(`${url}/v1/charges`, 'p-7-1', order({ method }))).toEqual(first);
    const found = await get(`${url}/v1/charges?idempotency_key=p-7-1`);
    expect(JSON.parse(found.text).status).toBe(type.slice('charge.'.length));
    expect(heard).toHaveLength(1);
  });

  test('card_redirect waits for the buyer', async () => {
    const { url, stop } = await startSandbox();
    stops.push(stop);
    const { body } = await call(`${url}/v1/charges`, 'k', order({ method: 'card_redirect' }));
    expect(body.status).toBe('initialised');
    const early = { charge: body.number, amount: { currency: 'EUR', amount_minor: 1 } };
    expect((await call(`${url}/v1/refunds`, 'early', early)).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard).toEqual([]);
    for (const visit of [1, 2]) {
      expect([visit, (await get(`${url}${body.redirect_url}`)).status]).toEqual([visit, 200]);
    }
    await eventually(() => expect(heard.map((event) => event.type)).toEqual(['charge.succeeded']));
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
    await eventually(() => expect(heard.length).toBeGreaterThan(0));
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
    await eventually(() => expect(heard.map((e) => e.type)).toContain('refund.succeeded'));
    expect(JSON.parse((await get(`${url}/v1/totals`)).text)).toEqual({
      captured_minor: { EUR: 500 },
      refunded_minor: { EUR: 200 },
    });
    const lines = (await get(`${url}/v1/statement`)).text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'charge', amount_minor: 500, currency: 'EUR', reference: 'p-7' },
      { kind: 'refund', amount_minor: 200, currency: 'EUR', reference: 'p-7' },
    ]);
  });
});

describe('bad input is answered, with the reason', () => {
  test.each<[string, string, string | undefined, unknown, number]>([
    ['no key', '/v1/charges', undefined, order(), 400],
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
    ['no such page', '/v2/charges', 'k', order(), 404],
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
  refusals = 2;
  await call(`${url}/v1/charges`, 'k', order());
  await eventually(() => expect(heard).toHaveLength(3));
  expect(new Set(heard.map((event) => event.data.number)).size).toBe(1);
});

test('with a file it forgets nothing: neither charges, nor what nobody has taken yet', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'sandbox-'));
  stops.push(() => rmSync(dir, { recursive: true }));
  const file = path.join(dir, 'ledger.jsonl');
  const before = await startSandbox(file);
  refusals = 1_000;
  const { body } = await call(`${before.url}/v1/charges`, 'k', order());
  await eventually(() => expect(heard.length).toBeGreaterThan(0));
  await before.stop();

  writeFileSync(file, `${readFileSync(file, 'utf8')}{"entry":"cut sh`);
  [refusals, heard] = [0, []];
  const after = await startSandbox(file);
  stops.push(after.stop);
  expect((await call(`${after.url}/v1/charges`, 'k', order())).body).toEqual(body);
  for (const event of after.ledger.unfinished().tell) after.callbacks.send(event);
  await eventually(() => expect(heard.map((event) => event.data.number)).toEqual([body.number]));
  await eventually(() => expect(after.ledger.unfinished().tell).toEqual([]));
  expect(readFileSync(file, 'utf8')).not.toContain('cut sh');
});
