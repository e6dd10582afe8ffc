// The demo's commands to the provider: given, counted, and taken back; without a provider nothing breaks.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { beginCallbackFaults } from './callback-faults.js';

const OWN = { seed: 3, rules: [{ fault: 'delay', next: 2, ms: 5 }] };

let server: Server;
let url: string;
let plan: { seed: number; rules: object[] };
let answerStatus: number;

beforeEach(async () => {
  [plan, answerStatus] = [OWN, 200];
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  if (request.method === 'PUT') plan = JSON.parse(text);
  const rules = plan.rules.map((rule) => ({ ...rule, hits: 1 }));
  const counts = { events: 40, duplicate: 4, lose: 2, forged_taken: 0 };
  const lost = ['ch_1', 'ch_2'];
  response.writeHead(answerStatus).end(JSON.stringify({ seed: plan.seed, rules, counts, lost }));
}

test('a tenth is doubled, a twentieth lost, and in the end all is as before', async () => {
  const faults = await beginCallbackFaults(url, 7);
  expect(plan).toEqual({
    seed: 7,
    rules: [
      { fault: 'lose', rate: 0.05, of: 'charge' },
      { fault: 'duplicate', rate: 0.1 },
    ],
  });
  const lostNumbers = ['ch_1', 'ch_2'];
  expect(await faults?.counts()).toEqual({ events: 40, duplicated: 4, lost: 2, lostNumbers });
  await faults?.end();
  expect(plan).toEqual(OWN);
});

test('without a sandbox, or with one that takes no commands, there are none', async () => {
  expect(await beginCallbackFaults(undefined, 7)).toBeUndefined();
  answerStatus = 404;
  expect(await beginCallbackFaults(url, 7)).toBeUndefined();
  expect(await beginCallbackFaults('http://127.0.0.1:1', 7)).toBeUndefined();
});
