// Promise: whatever speaks gRPC is answered as the protocol says, and so is whoever does not. Method: the
// HTTP/2 client of Node, which indexes and codes its headers, and grpc-js's own client.
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { Client, credentials, Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ServerCall } from './call.js';
import { GrpcServer } from './grpc-server.js';
import { prefixed } from './wire.js';

const same = (bytes: Buffer) => bytes;
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024;
const codec = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

let server: GrpcServer;
let port: number;
let session: ClientHttp2Session;
let hung: ServerCall[] = [];

beforeEach(async () => {
  hung = [];
  server = new GrpcServer({
    messageBytesMax: MESSAGE_BYTES_MAX,
    streamsMax: 1_000,
    keepaliveMs: 60_000,
  });
  const unary = { ...codec, requestStream: false, responseStream: false };
  server.addService(
    {
      echo: { ...unary, path: '/test/Echo' },
      hang: { ...unary, path: '/test/Hang' },
      headers: { ...unary, path: '/test/Headers' },
      talk: { ...codec, path: '/test/Talk', requestStream: true, responseStream: true },
    },
    {
      echo: (call: ServerCall, reply: (e: null, v: unknown) => void) => reply(null, call.request),
      hang: (call: ServerCall) => hung.push(call),
      headers: (call: ServerCall, reply: (e: null, v: unknown) => void) =>
        reply(null, Buffer.from(JSON.stringify(call.metadata.getMap()))),
      talk: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (bytes: Buffer) => call.write(bytes));
        call.on('end', () => call.end());
      },
    } as never,
  );
  port = await server.listen('127.0.0.1:0');
  session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
});

afterEach(async () => {
  session.destroy();
  server.cut();
  await server.drain();
});

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function ask(path: string, body: Buffer, more: Record<string, string> = {}): Promise<Answer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  });
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const parts: Buffer[] = [];
  stream.on('response', (got) => {
    headers = got;
  });
  stream.on('trailers', (got) => {
    trailers = got;
  });
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.on('error', () => {});
  stream.end(body);
  await once(stream, 'close');
  return { headers, trailers, body: Buffer.concat(parts) };
}

const hello = prefixed(Buffer.from('hello'));

test('a message goes there and back', async () => {
  const { headers, trailers, body } = await ask('/test/Echo', hello);
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc+proto' });
  expect(body.equals(hello)).toBe(true);
  expect(trailers).toMatchObject({ 'grpc-status': '0' });
});

test('hundreds of calls on one connection keep their answers apart', async () => {
  const asked = Array.from({ length: 500 }, (_, i) => prefixed(Buffer.from(`call ${i}`)));
  const answers = await Promise.all(
    asked.map((body, i) =>
      ask('/test/Echo', body, { 'x-call': `${i}`, 'grpc-timeout': `${i + 1}S` }),
    ),
  );
  expect(answers.map(({ body }) => body.toString())).toEqual(asked.map((body) => body.toString()));
});

test('a message may be as large as is allowed, both ways', async () => {
  const large = prefixed(Buffer.alloc(MESSAGE_BYTES_MAX, 'x'));
  expect((await ask('/test/Echo', large)).body.equals(large)).toBe(true);
});

test.each<[string, status, string, Buffer, Record<string, string>]>([
  ['an unknown method', status.UNIMPLEMENTED, '/test/None', hello, {}],
  ['no message', status.UNIMPLEMENTED, '/test/Echo', Buffer.alloc(0), {}],
  ['two messages', status.UNIMPLEMENTED, '/test/Echo', Buffer.concat([hello, hello]), {}],
  ['half a message', status.INTERNAL, '/test/Echo', hello.subarray(0, 7), {}],
  ['a compressed one', status.UNIMPLEMENTED, '/test/Echo', Buffer.of(1, 0, 0, 0, 0), {}],
  [
    'one that is too large',
    status.RESOURCE_EXHAUSTED,
    '/test/Echo',
    Buffer.of(0, 0x7f, 0xff, 0xff, 0xff),
    {},
  ],
  [
    'a time limit that is none',
    status.INVALID_ARGUMENT,
    '/test/Echo',
    hello,
    { 'grpc-timeout': 'x' },
  ],
  [
    'a time limit that has passed',
    status.DEADLINE_EXCEEDED,
    '/test/Hang',
    hello,
    { 'grpc-timeout': '1m' },
  ],
])('%s is refused', async (_name, code, path, body, more) => {
  const { headers } = await ask(path, body, more);
  expect(headers).toMatchObject({ ':status': 200, 'grpc-status': String(code) });
});

test.each([
  ['another content type', 415, { 'content-type': 'application/json' }],
  ['another HTTP method', 405, { ':method': 'PUT' }],
])('%s is refused by HTTP', async (_name, code, more) => {
  expect((await ask('/test/Echo', hello, more)).headers[':status']).toBe(code);
});

test('headers arrive, bytes among them, and those of the protocol do not', async () => {
  const raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const sent = new Metadata();
  sent.set('x-word', 'und');
  sent.set('x-key-bin', Buffer.of(0, 255));
  const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
    raw.makeUnaryRequest('/test/Headers', same, same, hello, sent, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
  });
  raw.close();
  const got = JSON.parse(answer?.toString() ?? '') as Record<string, unknown>;
  expect(got).toMatchObject({ 'x-word': 'und', 'x-key-bin': { data: [0, 255] } });
  expect(Object.keys(got).sort()).toEqual(['user-agent', 'x-key-bin', 'x-word']);
});

test('a handler hears of a caller that leaves, and of one that is gone', async () => {
  void ask('/test/Hang', hello);
  const leaving = session.request({
    ':method': 'POST',
    ':path': '/test/Hang',
    'content-type': 'application/grpc',
  });
  leaving.on('error', () => {});
  leaving.end(hello);
  while (hung.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  const heard = hung.map((call) => once(call, 'cancelled'));
  leaving.close(8);
  await heard[1];
  expect(hung.map(({ cancelled }) => cancelled)).toEqual([false, true]);
  session.destroy();
  await heard[0];
});

test('a stream talks in both directions', async () => {
  const raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const call = raw.makeBidiStreamRequest('/test/Talk', same, same);
  const heard: string[] = [];
  call.on('data', (bytes: Buffer) => heard.push(bytes.toString()));
  for (const word of ['a', 'b', 'c']) call.write(Buffer.from(word));
  call.end();
  const [end] = (await once(call, 'status')) as [{ code: number }];
  raw.close();
  expect([heard, end.code]).toEqual([['a', 'b', 'c'], status.OK]);
});
