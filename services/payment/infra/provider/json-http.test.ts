// A peer that answers, errs, dawdles, hangs up, talks nonsense or is not there.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { JsonHttp, type JsonHttpOptions } from './json-http.js';

const LIMITS = { connectionsMax: 2, waitingMax: 2, connectMsMax: 200, totalMsMax: 200 };
const closes: (() => void)[] = [];

afterEach(() => {
  for (const close of closes.splice(0)) close();
});

async function peer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  limits: Partial<JsonHttpOptions> = {},
): Promise<{ http: JsonHttp; server: Server }> {
  const server = createServer((request, response) => void answer(request, response)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = new JsonHttp({ ...LIMITS, ...limits, baseUrl });
  closes.push(
    () => http.close(),
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { http, server };
}

const call = { method: 'POST', path: '/x', body: { a: 1 } } as const;

test('sends and reads JSON', async () => {
  const { http } = await peer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.writeHead(201).end(JSON.stringify({ got: Buffer.concat(chunks).toString() }));
  });
  const answer = { outcome: 'ANSWER', status: 201, body: { got: '{"a":1}' } };
  expect(await http.call(call)).toEqual(answer);
});

test('nonsense is an answer without a body', async () => {
  const { http } = await peer((_, response) => response.writeHead(502).end('<html>'));
  expect(await http.call(call)).toEqual({ outcome: 'ANSWER', status: 502, body: undefined });
});

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['never answers', () => undefined],
  ['stops in the middle', (_, response) => void response.writeHead(200).write('{')],
  ['hangs up', (request) => request.socket.destroy()],
  ['talks without end', (_, response) => void response.writeHead(200).write('x'.repeat(65 * 1024))],
])('%s: failed, and not rejected', async (_, answer) => {
  const { http } = await peer(answer);
  expect(await http.call(call)).toMatchObject({ outcome: 'FAILED' });
});

test('nobody is there', async () => {
  const http = new JsonHttp({ ...LIMITS, baseUrl: 'http://127.0.0.1:9' });
  expect(await http.call(call)).toMatchObject({ outcome: 'FAILED' });
});

test('the fifth of four that may wait is not tried', async () => {
  let seen = 0;
  const { http } = await peer((_, response) => {
    seen += 1;
    setTimeout(() => response.end('{}'), 20);
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => http.call(call)));
  expect(
    answers
      .map((answer) => answer.outcome)
      .sort()
      .join(' '),
  ).toBe('ANSWER ANSWER ANSWER ANSWER FAILED');
  expect(seen).toBe(4);
});

test('a kept connection that the peer has closed costs a second attempt, not the call', async () => {
  let seen = 0;
  const { http } = await peer((request, response) => {
    seen += 1;
    // The second request arrives on the kept connection of the first and is cut.
    if (seen === 2) request.socket.resetAndDestroy();
    else response.end('{}');
  });
  expect(await http.call(call)).toMatchObject({ outcome: 'ANSWER' });
  expect(await http.call(call)).toMatchObject({ outcome: 'ANSWER' });
  expect(seen).toBe(3);
});
