// Provider callbacks: the bytes and the signature arrive as they were sent, and the status tells the
// provider what to do. No input leads to a 500.
import { once } from 'node:events';
import { request } from 'node:http';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ScriptedMesh, startScriptedMesh } from '../../../test/harness/scripted-mesh.js';
import { RpcError } from '../../platform/rpc/errors.js';
import { type RunningGateway, startSmallGateway } from './gateway-fixture.js';

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
beforeEach(() => {
  mesh.calls.length = 0;
  mesh.script('HandleProviderEvent', async () => ({ duplicate: false }));
});

const post = (
  body: RequestInit['body'],
  o: { path?: string; headers?: Record<string, string> } = {},
) =>
  fetch(`${edge.origin}/callbacks/${o.path ?? 'sandbox'}`, {
    method: 'POST',
    headers: { 'spillway-signature': 't=1,v1=ab', ...o.headers },
    body,
    duplex: 'half',
  } as RequestInit);

test('body and signature are handed on byte for byte', async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 123, 34, 0xc3, 0x28]);
  const res = await post(bytes);
  expect([res.status, await res.json()]).toEqual([200, { taken: true, duplicate: false }]);
  expect(mesh.calls[0]?.request).toMatchObject({
    provider: 'sandbox',
    signature: 't=1,v1=ab',
    body: new Uint8Array(bytes),
  });
});

test.each([
  ['stripe', 'stripe-signature', 't=2,v1=cd'],
  ['sandbox', 'stripe-signature', 't=1,v1=ab'],
  ['constructor', 'stripe-signature', 't=1,v1=ab'],
])('%s signs in its own header', async (provider, name, wanted) => {
  await post('{}', { path: provider, headers: { [name]: 't=2,v1=cd' } });
  expect(mesh.calls[0]?.request).toMatchObject({ provider, signature: wanted });
});

test.each([
  ['none', undefined, ''],
  ['two', ['t=1,v1=ab', 't=1,v1=cd'], ''],
  ['the same twice', ['t=1,v1=ab', 't=1,v1=ab'], ''],
])('a header that is not there exactly once counts as none: %s', async (_name, header, wanted) => {
  const headers = header === undefined ? {} : { 'spillway-signature': header };
  const sent = request(`${edge.origin}/callbacks/sandbox`, { method: 'POST', headers });
  const answered = once(sent, 'response');
  sent.end('{}');
  const [response] = await answered;
  response.resume();
  expect(mesh.calls[0]?.request).toMatchObject({ signature: wanted });
});

const failure = (code: status, reason: string, retryDelayMs?: number) => () =>
  Promise.reject(
    new RpcError({ code, reason, message: 'm', ...(retryDelayMs ? { retryDelayMs } : {}) }),
  );

describe('what the payment service says becomes what the provider hears', () => {
  test.each([
    ['forged', failure(status.PERMISSION_DENIED, 'EVENT_FORGED'), 403, null],
    ['no such payment', failure(status.NOT_FOUND, 'PAYMENT_UNKNOWN'), 404, null],
    ['overloaded', failure(status.RESOURCE_EXHAUSTED, 'OVERLOADED', 2_500), 503, '3'],
    ['database down', failure(status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 200), 503, '1'],
    ['too late', failure(status.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED'), 503, '1'],
    ['a bug', () => Promise.reject(new Error('secret')), 503, '1'],
    ['no answer', () => new Promise(() => {}), 503, '1'],
  ] as const)('%s', async (_name, answer, wanted, retryAfter) => {
    mesh.script('HandleProviderEvent', answer);
    const res = await post('{}');
    expect([res.status, res.headers.get('retry-after')]).toEqual([wanted, retryAfter]);
    expect(await res.text()).not.toContain('secret');
  });
});

describe('odd input', () => {
  const chunked = (bytes: number) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(bytes));
        controller.close();
      },
    });

  test.each([
    ['an empty body', () => post(''), 200],
    ['no signature', () => post('{}', { headers: { 'spillway-signature': '' } }), 200],
    ['a signature over its limit', () => post('{}', { headers: signed('x'.repeat(1_025)) }), 400],
    ['a body at the limit', () => post(Buffer.alloc(1_024)), 200],
    ['a body over the limit', () => post(Buffer.alloc(1_025)), 413],
    ['a chunked body over the limit', () => post(chunked(1_025)), 413],
    ['no provider', () => post('{}', { path: '' }), 404],
    ['a provider with odd letters', () => post('{}', { path: 'Sand%20box' }), 404],
    ['a path below a provider', () => post('{}', { path: 'sandbox/x' }), 404],
    ['GET', () => fetch(`${edge.origin}/callbacks/sandbox`), 405],
  ] as const)('%s', async (_name, send, wanted) => {
    expect((await send()).status).toBe(wanted);
  });

  test('more callbacks at once than the limit are asked to come again', async () => {
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    mesh.script('HandleProviderEvent', () => held.then(() => ({})));
    const sent = Array.from({ length: 4 }, () => post('{}'));
    await Promise.any(sent);
    finish();
    const statuses = (await Promise.all(sent)).map((res) => res.status);
    expect(statuses.sort((a, b) => a - b)).toEqual([200, 200, 503, 503]);
  });
});

function signed(signature: string): Record<string, string> {
  return { 'spillway-signature': signature };
}
