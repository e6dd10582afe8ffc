// The generator's client against a server of grpc-js: every answer belongs to its request, whatever
// its size, and every refusal is told with its text, also when the header tables have long been
// full.

import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CallRefused } from './http2/connection.js';
import { RawClient } from './raw-client.js';

const same = (bytes: Buffer) => bytes;
const definition = (path: string) => ({
  path,
  requestStream: false as const,
  responseStream: false as const,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});

let server: Server;
let client: RawClient;

beforeAll(async () => {
  server = new Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(
    { echo: definition('/test/Echo'), refuse: definition('/test/Refuse') },
    {
      echo: (call: { request: Buffer }, done: (e: null, bytes: Buffer) => void) =>
        done(null, call.request),
      refuse: (call: { request: Buffer }, done: (e: object) => void) =>
        done({ code: status.FAILED_PRECONDITION, details: call.request.toString() }),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (e, bound) => (e ? reject(e) : resolve(bound)));
  });
  client = new RawClient([`127.0.0.1:${port}`]);
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

test('a thousand calls at once are answered each with its own', async () => {
  const sent = Array.from({ length: 1_000 }, (_, i) => Buffer.from(`call ${i}`));
  const answers = await Promise.all(sent.map((each) => client.call('/test/Echo', each)));
  expect(answers.map(String)).toEqual(sent.map(String));
});

test.each([0, 1, 16_379, 16_380, 65_530, 65_531, 1_000_000])(
  'a message of %d bytes arrives whole, and so does its answer',
  async (length) => {
    const message = Buffer.alloc(length, 'spillway');
    const answers = await Promise.all([1, 2, 3].map(() => client.call('/test/Echo', message)));
    expect(answers.map((answer) => answer.equals(message))).toEqual([true, true, true]);
  },
);

const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));

test.each(['sold out: 0 left of bench-gone', PRINTABLE, 'ausverkauft — für heute'])(
  'a refusal tells its text: %s',
  async (text) => {
    expect(await client.refusal('/test/Refuse', Buffer.from(text))).toBe(text);
    await expect(client.call('/test/Refuse', Buffer.from(text))).rejects.toMatchObject({
      name: CallRefused.name,
      status: '9',
    });
  },
);

test('new headers without end push old ones out of the table', async () => {
  for (let i = 0; i < 300; i++) {
    const text = `refusal number ${i} of a text that is some sixty bytes long`;
    expect(await client.refusal('/test/Refuse', Buffer.from(text))).toBe(text);
    if (i % 10 === 0) await client.call(`/test/Echo`, Buffer.from('x'));
  }
});

test('a server that goes away fails its calls', async () => {
  const gone = new RawClient(['127.0.0.1:1']);
  await expect(gone.call('/test/Echo', Buffer.alloc(1))).rejects.toThrow(/ECONNREFUSED/);
  gone.close();
});
