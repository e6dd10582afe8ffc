// Limits of the port, and what clumsy or hostile requests get: an answer or a closed connection,
// never a crash, and the next caller is served.
import { createConnection } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedMesh, startScriptedMesh } from '../../../test/harness/scripted-mesh.js';
import { postJson, type RunningGateway, startSmallGateway } from './gateway-fixture.js';

const GET = 'spillway.order.v1.OrderService/GetOrder';
const CALL = `POST /${GET} HTTP/1.1\r\ncontent-type: application/json\r\n`;

let mesh: ScriptedMesh;
let edge: RunningGateway;
beforeAll(async () => {
  mesh = await startScriptedMesh();
  edge = await startSmallGateway(mesh.addresses);
});
afterAll(async () => {
  await edge.stop();
  await mesh.stop();
});
afterEach(async () => {
  const next = await postJson(edge.origin, GET, { orderId: '42' });
  if (next.status !== 200) throw new Error(`the next caller got ${next.status}`);
});

/** Sends bytes and reads until the server closes or answers; '' is a close without an answer. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(edge.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      socket.end();
    });
    socket.on('close', () => resolve(answer.split('\r\n', 1)[0] ?? ''));
    socket.on('error', reject);
  });
}

test.each([
  ['no Host header', `${CALL}\r\n`, /^HTTP\/1.1 400 /],
  [
    'a Host that makes no URL',
    `${CALL}host: a b:[\r\ncontent-length: 0\r\n\r\n`,
    /^HTTP\/1.1 400 /,
  ],
  ['HTTP/1.0 without a Host', `${CALL.replace('1.1', '1.0')}\r\n`, /^HTTP\/1.1 400 /],
  [
    'headers over the limit',
    `${CALL}host: h\r\nx: ${'x'.repeat(9_000)}\r\n\r\n`,
    /^HTTP\/1.1 431 /,
  ],
  ['two lengths', `${CALL}host: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`, / 400 /],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01', /^HTTP\/1.1 400 /],
  ['headers that never end', `${CALL}host: h\r\nx:`, /^HTTP\/1.1 408 /],
  ['a body that never ends', `${CALL}host: h\r\ncontent-length: 9\r\n\r\n{`, /^HTTP\/1.1 408 /],
  ['an unknown path', 'GET /etc/passwd HTTP/1.1\r\nhost: h\r\n\r\n', /^HTTP\/1.1 404 /],
  [
    'an unknown method of a service',
    'POST /spillway.order.v1.OrderService/X HTTP/1.1\r\nhost: h\r\n\r\n',
    / 404 /,
  ],
  ['a path that is no path', 'GET //[:: HTTP/1.1\r\nhost: h\r\n\r\n', /^HTTP\/1.1 404 /],
])('%s', async (_name, text, wanted) => {
  expect(await raw(text)).toMatch(wanted);
});

test.each([
  ['text that is no JSON', 'not json', {}, 400],
  ['JSON of another shape', '[1,2]', {}, 400],
  ['a number where text belongs', '{"orderId":7}', {}, 400],
  ['a media type that is none of ours', '{}', { 'content-type': 'text/plain' }, 415],
  ['a compressed body', '{}', { 'content-encoding': 'gzip' }, 501],
  ['a body over the limit', JSON.stringify({ orderId: 'x'.repeat(5_000) }), {}, 413],
  ['a deadline that is no number', '{"orderId":"1"}', { 'connect-timeout-ms': 'soon' }, 400],
])('an RPC with %s', async (_name, body, headers, wanted) => {
  const answer = await postJson(edge.origin, GET, body, headers as Record<string, string>).catch(
    () => ({ status: 0, body: {} }),
  );
  expect(answer.status).toBe(wanted);
  expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.js:/);
});

test('healthz answers, and only to reads', async () => {
  const health = await fetch(`${edge.origin}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'SERVING' }]);
  expect((await fetch(`${edge.origin}/healthz`, { method: 'POST' })).status).toBe(405);
});

test('the page needs nothing from elsewhere and may run nothing else', async () => {
  const page = await fetch(`${edge.origin}/`);
  const html = await page.text();
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    'text/html; charset=utf-8',
  ]);
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/,
  );
  expect(html).not.toMatch(/(src|href)=|https?:\/\/|<[^>]+ style=|<[^>]+ on[a-z]+=/);
});
