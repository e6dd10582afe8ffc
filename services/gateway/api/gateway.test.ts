// What is forwarded, how errors look to a caller, and how long a call may take: the edge over real
// sockets, before a mesh whose answers are scripted.
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { OrderService } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { type ScriptedMesh, startScriptedMesh } from '../../../test/harness/scripted-mesh.js';
import { RpcError } from '../../platform/rpc/errors.js';
import { postJson, type RunningGateway, reasonOf, startSmallGateway } from './gateway-fixture.js';

const CREATE = 'spillway.order.v1.OrderService/CreateOrder';
const GET = 'spillway.order.v1.OrderService/GetOrder';
const WATCH = 'spillway.order.v1.OrderService/WatchOrder';
const ORDER = { requestId: 'r-1', userId: 'ann', lines: [{ skuId: 'lamp', quantity: 2 }] };

let mesh: ScriptedMesh;
let edge: RunningGateway;
beforeEach(async () => {
  mesh = await startScriptedMesh();
  edge = await startSmallGateway(mesh.addresses);
});
afterEach(async () => {
  await edge.stop();
  await mesh.stop();
});

describe('forwarding', () => {
  test('a JSON call reaches the mesh and its answer comes back, 64-bit numbers exact', async () => {
    const payable = { currency: 'EUR', amountMinor: 9007199254740993n };
    mesh.script('CreateOrder', async () => ({ order: { orderId: '42', payable } }));
    const answer = await postJson(edge.origin, CREATE, ORDER);
    expect(answer.status).toBe(200);
    expect(answer.body.order).toMatchObject({
      orderId: '42',
      payable: { currency: 'EUR', amountMinor: '9007199254740993' },
      // A zero is an answer too: whoever reads the version must not find it missing.
      version: '0',
      transitions: [],
    });
    expect(mesh.calls.map((call) => call.method)).toEqual(['CreateOrder']);
  });

  test('what reads only may be asked by GET', async () => {
    mesh.script('GetOrder', async () => ({ order: { orderId: '42' } }));
    const message = encodeURIComponent('{"orderId":"42"}');
    const res = await fetch(`${edge.origin}/${GET}?connect=v1&encoding=json&message=${message}`);
    expect(res.status).toBe(200);
    expect(await res.json()).toMatchObject({ order: { orderId: '42' } });
  });

  test.each([
    ['gRPC-Web', () => createGrpcWebTransport({ baseUrl: edge.origin, httpVersion: '1.1' })],
    ['gRPC', () => createGrpcTransport({ baseUrl: edge.grpcOrigin })],
  ])('%s: an answer, an error with its reason, and a stream', async (_name, transport) => {
    mesh.script('GetOrder', async () => {
      throw notFound();
    });
    mesh.script('CreateOrder', async () => ({ order: { orderId: '42' } }));
    mesh.script('WatchOrder', async function* () {
      yield { order: { orderId: '42', version: 1n } };
      yield { order: { orderId: '42', version: 2n } };
    });
    const orders = createClient(OrderService, transport());
    expect((await orders.createOrder(ORDER)).order?.orderId).toBe('42');
    const refusal = await orders.getOrder({ orderId: '7' }).catch((error) => error);
    expect(refusal.findDetails(ErrorInfoSchema)[0]?.reason).toBe('ORDER_UNKNOWN');
    const versions: unknown[] = [];
    for await (const seen of orders.watchOrder({ orderId: '42' }))
      versions.push(seen.order?.version);
    expect(versions).toEqual([1n, 2n]);
  });

  test('no header of the caller travels on', async () => {
    await postJson(edge.origin, CREATE, ORDER, { 'x-role': 'operator', authorization: 'Bearer x' });
    const metadata = mesh.calls[0]?.ctx.metadata.getMap() ?? {};
    expect([metadata['x-role'], metadata.authorization]).toEqual([undefined, undefined]);
  });
});

describe('errors', () => {
  test.each([
    ['INVALID_ARGUMENT', 400, 'invalid_argument', 'FIELD_INVALID'],
    ['FAILED_PRECONDITION', 400, 'failed_precondition', 'SOLD_OUT'],
    ['NOT_FOUND', 404, 'not_found', 'ORDER_UNKNOWN'],
    ['ALREADY_EXISTS', 409, 'already_exists', 'REQUEST_ID_REUSED'],
    ['ABORTED', 409, 'aborted', 'REQUEST_CLOSED'],
    ['RESOURCE_EXHAUSTED', 429, 'resource_exhausted', 'OVERLOADED'],
    ['UNAVAILABLE', 503, 'unavailable', 'DEPENDENCY_UNAVAILABLE'],
  ] as const)('%s of the mesh is HTTP %d with its reason', async (name, http, word, reason) => {
    mesh.script('CreateOrder', async () => {
      throw new RpcError({ code: status[name], reason, message: 'because', metadata: { k: 'v' } });
    });
    const answer = await postJson(edge.origin, CREATE, ORDER);
    expect([answer.status, answer.body.code, answer.body.message]).toEqual([http, word, 'because']);
    expect(answer.body.details?.[0]?.debug).toEqual({
      reason,
      domain: 'spillway',
      metadata: { k: 'v' },
    });
  });

  test('a broken rule names its field, and waiting is told in details and header', async () => {
    const answer = await postJson(edge.origin, CREATE, { ...ORDER, lines: [{ skuId: 'lamp' }] });
    const badRequest = answer.body.details?.find((d) => d.type === 'google.rpc.BadRequest');
    expect(badRequest?.debug?.fieldViolations).toMatchObject([{ field: 'lines[0].quantity' }]);

    mesh.script('CreateOrder', async () => {
      const code = status.RESOURCE_EXHAUSTED;
      throw new RpcError({ code, reason: 'OVERLOADED', message: 'full', retryDelayMs: 1_500 });
    });
    const full = await postJson(edge.origin, CREATE, ORDER);
    const retry = full.body.details?.find((d) => d.type === 'google.rpc.RetryInfo');
    expect([retry?.debug, full.headers.get('retry-after')]).toEqual([
      { retryDelay: '1.500s' },
      '2',
    ]);
  });

  test('a bug is masked, and so is the address of a service that is down', async () => {
    mesh.script('CreateOrder', async () => {
      throw new Error('password=hunter2 at /srv/app.js:1');
    });
    const bug = await postJson(edge.origin, CREATE, ORDER);
    expect(bug).toMatchObject({
      status: 500,
      body: { code: 'internal', message: 'internal error' },
    });

    const port = mesh.addresses[0]?.split(':')[1];
    await mesh.stop();
    const down = await postJson(edge.origin, CREATE, ORDER);
    expect([down.status, reasonOf(down.body)]).toEqual([503, 'DEPENDENCY_UNAVAILABLE']);
    expect(JSON.stringify(down.body)).not.toContain(port);
  });
});

describe('time and load', () => {
  const budgetMs = async (headers: Record<string, string>) => {
    const beforeMs = Date.now();
    await postJson(edge.origin, CREATE, ORDER, headers);
    return (mesh.calls.at(-1)?.ctx.deadlineMs ?? 0) - beforeMs;
  };

  test.each([
    ['none', {}, 2_000],
    ['a shorter one', { 'connect-timeout-ms': '900' }, 900],
    ['a longer one', { 'connect-timeout-ms': '60000' }, 4_000],
  ])('a caller that sends %s as its deadline', async (_name, headers, wantedMs) => {
    const ms = await budgetMs(headers);
    expect(Math.abs(ms - wantedMs)).toBeLessThan(150);
  });

  test('a mesh that does not answer ends in DEADLINE_EXCEEDED', async () => {
    mesh.script('CreateOrder', () => new Promise(() => {}));
    const answer = await postJson(edge.origin, CREATE, ORDER, { 'connect-timeout-ms': '100' });
    expect([answer.status, reasonOf(answer.body)]).toEqual([504, 'DEADLINE_EXCEEDED']);
  });

  test('more calls than the limit are refused at once, and the others finish', async () => {
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    mesh.script('CreateOrder', async () => {
      await held;
      return {};
    });
    const calls = Array.from({ length: 5 }, () => postJson(edge.origin, CREATE, ORDER));
    await Promise.any(calls);
    finish();
    const answers = await Promise.all(calls);
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([
      200, 200, 200, 429, 429,
    ]);
  });

  test('a watcher that leaves is told to the mesh', async () => {
    let tell = () => {};
    const left = new Promise<void>((resolve) => {
      tell = resolve;
    });
    mesh.script('WatchOrder', async function* (_request, ctx) {
      yield { order: { orderId: '42' } };
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      tell();
    });
    const leave = new AbortController();
    const res = await openWatch(edge.origin, leave.signal);
    await res.body?.getReader().read();
    leave.abort();
    await left;
  });

  test('a stop lets a call finish, and tells watchers to come again', async () => {
    mesh.script('WatchOrder', async function* (_request, ctx) {
      yield { order: { orderId: '42' } };
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    });
    const watch = (await openWatch(edge.origin)).body?.getReader();
    const first = await watch?.read();
    mesh.script('CreateOrder', async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { order: { orderId: '42' } };
    });
    const call = postJson(edge.origin, CREATE, ORDER);
    while (mesh.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await edge.gateway.stop(1_000);
    expect((await call).status).toBe(200);
    expect(Buffer.from(first?.value ?? []).toString()).toContain('"orderId":"42"');
    expect(await readRest(watch)).toMatch(/"code":"unavailable".*DEPENDENCY_UNAVAILABLE/s);
    await expect(fetch(`${edge.origin}/healthz`)).rejects.toThrow();
  });
});

/** What is left of a stream, read to its end. */
async function readRest(reader?: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = '';
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) return text;
    text += Buffer.from(chunk.value).toString();
  }
}

/** Connect's frame of a stream: flags, length, JSON. */
function openWatch(origin: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${origin}/${WATCH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json' },
    body: Buffer.from('\0\0\0\0\x10{"orderId":"42"}', 'latin1'),
    ...(signal && { signal }),
  });
}

function notFound(): RpcError {
  return new RpcError({
    code: status.NOT_FOUND,
    reason: 'ORDER_UNKNOWN',
    message: 'no such order',
  });
}
