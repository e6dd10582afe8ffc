// Promise: what breaks the protocol ends the stream or the connection with the code that RFC 9113 names,
// windows are kept in both directions, and a connection that leaves finishes what it has begun.
// Method: a peer that sends single frames over a real socket.
import { afterEach, expect, test } from '@jest/globals';
import {
  ERROR,
  FLAG,
  FRAME,
  frame,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
} from './frames.js';
import { encodeFields } from './hpack.js';
import { eventually, REQUEST, type Scene, type SceneOptions, startScene } from './peer.fixture.js';
import type { ServerStream } from './server-stream.js';

const scenes: Scene[] = [];

async function start(o?: SceneOptions): Promise<Scene> {
  const scene = await startScene(o);
  scenes.push(scene);
  return scene;
}

afterEach(async () => {
  await Promise.all(scenes.splice(0).map((scene) => scene.close()));
});

const { END_HEADERS, END_STREAM, PADDED, PRIORITY } = FLAG;
const HEAD = encodeFields([{ name: ':status', value: '200' }]);
const YES = { prefix: Buffer.from('ye'), data: Buffer.from('s') };
const TRAILERS = encodeFields([{ name: 'grpc-status', value: '0' }]);
const NONE = Buffer.alloc(0);
const request = (id: number, end = false) =>
  frame(FRAME.HEADERS, END_HEADERS | (end ? END_STREAM : 0), id, REQUEST);
const fieldsOf = (...fields: [string, string][]) =>
  frame(
    FRAME.HEADERS,
    END_HEADERS | END_STREAM,
    1,
    encodeFields(fields.map(([name, value]) => ({ name, value }))),
  );
const data = (id: number, text: string, end = false) =>
  frame(FRAME.DATA, end ? END_STREAM : 0, id, Buffer.from(text));
const dependsOnItself = Buffer.concat([Buffer.of(0, 0, 0, 1, 0), REQUEST]);
const larger = (() => {
  const bytes = frame(FRAME.DATA, 0, 1, Buffer.alloc(16_385));
  return bytes;
})();

test.each<[string, number, Buffer[]]>([
  ['data of no stream', ERROR.PROTOCOL_ERROR, [data(1, 'x')]],
  ['data of the connection', ERROR.PROTOCOL_ERROR, [data(0, 'x')]],
  ['more padding than data', ERROR.PROTOCOL_ERROR, [request(1), frame(0, PADDED, 1, Buffer.of(9))]],
  ['a stream of our side', ERROR.PROTOCOL_ERROR, [request(2)]],
  ['a stream that is older than the last', ERROR.STREAM_CLOSED, [request(5, true), request(3)]],
  ['a block that is none', ERROR.COMPRESSION_ERROR, [frame(1, END_HEADERS, 1, Buffer.of(0x80))]],
  [
    'a frame within a header block',
    ERROR.PROTOCOL_ERROR,
    [frame(1, 0, 1, REQUEST), frame(FRAME.PING, 0, 0, Buffer.alloc(8))],
  ],
  [
    'another block within a header block',
    ERROR.PROTOCOL_ERROR,
    [frame(1, 0, 1, REQUEST), frame(FRAME.CONTINUATION, END_HEADERS, 3, NONE)],
  ],
  ['a block that goes on after its end', ERROR.PROTOCOL_ERROR, [frame(9, END_HEADERS, 1, NONE)]],
  [
    'a block without an end',
    ERROR.ENHANCE_YOUR_CALM,
    [frame(1, 0, 1, REQUEST), ...Array.from({ length: 20 }, () => frame(9, 0, 1, NONE))],
  ],
  [
    'a stream that depends on itself',
    ERROR.PROTOCOL_ERROR,
    [frame(1, END_HEADERS | PRIORITY, 1, dependsOnItself)],
  ],
  ['a short priority', ERROR.FRAME_SIZE_ERROR, [frame(FRAME.PRIORITY, 0, 1, Buffer.alloc(4))]],
  ['a short reset', ERROR.FRAME_SIZE_ERROR, [request(1), frame(FRAME.RST_STREAM, 0, 1, NONE)]],
  ['a reset of no stream', ERROR.PROTOCOL_ERROR, [numberFrame(FRAME.RST_STREAM, 1, 8)]],
  ['settings of a stream', ERROR.PROTOCOL_ERROR, [frame(FRAME.SETTINGS, 0, 1, NONE)]],
  ['odd settings', ERROR.FRAME_SIZE_ERROR, [frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(5))]],
  ['an answer with settings', ERROR.FRAME_SIZE_ERROR, [frame(4, FLAG.ACK, 0, Buffer.alloc(6))]],
  ['a push setting of 2', ERROR.PROTOCOL_ERROR, [settingsFrame([[SETTING.ENABLE_PUSH, 2]])]],
  ['tiny frames', ERROR.PROTOCOL_ERROR, [settingsFrame([[SETTING.MAX_FRAME_SIZE, 100]])]],
  [
    'a window too large',
    ERROR.FLOW_CONTROL_ERROR,
    [settingsFrame([[SETTING.INITIAL_WINDOW_SIZE, 2 ** 31]])],
  ],
  ['a push', ERROR.PROTOCOL_ERROR, [frame(FRAME.PUSH_PROMISE, 0, 1, Buffer.alloc(4))]],
  ['a short ping', ERROR.FRAME_SIZE_ERROR, [frame(FRAME.PING, 0, 0, Buffer.alloc(7))]],
  ['a ping of a stream', ERROR.PROTOCOL_ERROR, [frame(FRAME.PING, 0, 1, Buffer.alloc(8))]],
  ['a goodbye of a stream', ERROR.PROTOCOL_ERROR, [frame(FRAME.GOAWAY, 0, 1, Buffer.alloc(8))]],
  ['no more room at all', ERROR.PROTOCOL_ERROR, [numberFrame(FRAME.WINDOW_UPDATE, 0, 0)]],
  ['room for no stream', ERROR.PROTOCOL_ERROR, [numberFrame(FRAME.WINDOW_UPDATE, 7, 1)]],
  ['too much room', ERROR.FLOW_CONTROL_ERROR, [numberFrame(8, 0, 2 ** 31 - 1)]],
  ['a short window', ERROR.FRAME_SIZE_ERROR, [frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))]],
  ['a frame larger than we allow', ERROR.FRAME_SIZE_ERROR, [request(1), larger]],
])('%s ends the connection', async (_name, code, frames) => {
  const { peer, streams, lost } = await start();
  peer.send(...frames);
  const goaway = await peer.until(({ type }) => type === FRAME.GOAWAY);
  expect(goaway.payload.readUInt32BE(4)).toBe(code);
  await eventually(() => peer.closed && lost.length === streams.length);
  expect(lost).toEqual(streams.map(({ streamId }) => streamId));
});

test.each([
  ['no preface', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
  ['a first frame that is not its settings', [PREFACE, request(1)]],
])('%s ends the connection', async (_name, hello) => {
  const { peer, streams } = await start({ hello });
  const goaway = await peer.until(({ type }) => type === FRAME.GOAWAY);
  expect(goaway.payload.readUInt32BE(4)).toBe(ERROR.PROTOCOL_ERROR);
  expect(streams).toEqual([]);
});

const USUAL: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a/b'],
];

test.each<[string, number, Buffer[]]>([
  ['data after its end', ERROR.STREAM_CLOSED, [request(1, true), data(1, 'x')]],
  ['a second request', ERROR.STREAM_CLOSED, [request(1, true), request(1)]],
  ['trailers that are no end', ERROR.PROTOCOL_ERROR, [request(1), request(1)]],
  ['a window of 0', ERROR.PROTOCOL_ERROR, [request(1), numberFrame(8, 1, 0)]],
  ['a window too large', ERROR.FLOW_CONTROL_ERROR, [request(1), numberFrame(8, 1, 2 ** 31 - 1)]],
  ['no method', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL.slice(1))]],
  ['no path', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL.slice(0, 2), [':path', ''])]],
  ['two methods', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL, [':method', 'POST'])]],
  ['a status', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL, [':status', '200'])]],
  ['a pseudo field after others', ERROR.PROTOCOL_ERROR, [fieldsOf(['a', 'b'], ...USUAL)]],
  ['capital letters', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL, ['Te', 'trailers'])]],
  ['words of the connection', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL, ['connection', 'close'])]],
  ['other codings', ERROR.PROTOCOL_ERROR, [fieldsOf(...USUAL, ['te', 'gzip'])]],
])('%s ends the stream, and only the stream', async (_name, code, frames) => {
  const { peer } = await start({ whole: answerIf(3) });
  peer.send(...frames);
  const reset = await peer.until((f) => f.type === FRAME.RST_STREAM && f.streamId === 1);
  expect(reset.payload.readUInt32BE(0)).toBe(code);
  peer.send(request(3, true));
  await peer.until((f) => f.streamId === 3 && (f.flags & END_STREAM) !== 0);
});

function answerIf(id: number) {
  return (stream: ServerStream) => {
    if (stream.streamId === id) stream.answer(HEAD, YES, TRAILERS);
  };
}

test('a stream too many is refused untouched', async () => {
  const { peer, streams } = await start({ streamsMax: 1 });
  peer.send(request(1), request(3));
  const reset = await peer.until(({ type }) => type === FRAME.RST_STREAM);
  expect([reset.streamId, reset.payload.readUInt32BE(0)]).toEqual([3, ERROR.REFUSED_STREAM]);
  expect(streams).toHaveLength(1);
});

test('more data than a stream may send ends it', async () => {
  const { peer } = await start({ streamWindowBytes: 10 });
  peer.send(request(1), data(1, 'x'.repeat(11)));
  const reset = await peer.until(({ type }) => type === FRAME.RST_STREAM);
  expect(reset.payload.readUInt32BE(0)).toBe(ERROR.FLOW_CONTROL_ERROR);
});

test('a request may come in any pieces, with padding and with trailers', async () => {
  const { peer, received } = await start({ whole: answerIf(1) });
  const padded = frame(FRAME.DATA, PADDED, 1, Buffer.from('\x03abc\0\0\0', 'latin1'));
  const trailers = frame(
    FRAME.HEADERS,
    END_HEADERS | END_STREAM,
    1,
    encodeFields([{ name: 'x', value: 'y' }]),
  );
  const split = [
    frame(1, 0, 1, REQUEST.subarray(0, 7)),
    frame(9, END_HEADERS, 1, REQUEST.subarray(7)),
  ];
  for (const byte of Buffer.concat([...split, padded, data(1, 'de'), trailers])) {
    peer.send(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await peer.until((f) => f.streamId === 1 && (f.flags & END_STREAM) !== 0);
  expect(received.get(1)).toBe('abcde');
});

test('an answer waits for the windows of its stream and of the connection', async () => {
  const data = Buffer.alloc(200_000, 'a');
  const answer = { prefix: Buffer.from('b'), data };
  const whole = (stream: ServerStream) => stream.answer(HEAD, answer, TRAILERS);
  const { peer } = await start({
    whole,
    hello: [PREFACE, settingsFrame([[SETTING.INITIAL_WINDOW_SIZE, 10]])],
  });
  peer.send(request(1, true));
  await peer.until(({ type }) => type === FRAME.DATA);
  expect(peer.data(1)).toHaveLength(10);
  peer.send(numberFrame(FRAME.WINDOW_UPDATE, 1, 20));
  await eventually(() => peer.data(1).length >= 30);
  // The connection's own window of 65,535 is the next bound.
  peer.send(settingsFrame([[SETTING.INITIAL_WINDOW_SIZE, 1_000_000]]));
  await eventually(() => peer.data(1).length >= 65_535);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(peer.data(1)).toHaveLength(65_535);
  peer.send(numberFrame(FRAME.WINDOW_UPDATE, 0, 1_000_000));
  await peer.until((f) => f.streamId === 1 && (f.flags & END_STREAM) !== 0);
  expect(peer.data(1).equals(Buffer.concat([answer.prefix, data]))).toBe(true);
  expect(Math.max(...peer.frames.map(({ payload }) => payload.length))).toBe(16_384);
});

test('a peer that goes on sending is told that it may', async () => {
  const { peer, received } = await start({ streamWindowBytes: 1_000 });
  peer.send(request(1), data(1, 'x'.repeat(600)));
  const more = await peer.until((f) => f.type === FRAME.WINDOW_UPDATE && f.streamId === 1);
  expect(more.payload.readUInt32BE(0)).toBe(600);
  peer.send(data(1, 'y'.repeat(900)));
  await eventually(() => received.get(1)?.length === 1_500);
});

test('one that leaves takes what is on its way, ends what it has, and closes', async () => {
  const { peer, connection, streams } = await start();
  peer.send(request(1, true));
  await eventually(() => streams.length > 0);
  connection.leave();
  const ping = await peer.until(({ type }) => type === FRAME.PING);
  peer.send(request(3), frame(FRAME.PING, FLAG.ACK, 0, ping.payload));
  const last = await peer.until((f) => f.type === FRAME.GOAWAY && f.payload.readUInt32BE(0) === 3);
  expect(last.payload.readUInt32BE(4)).toBe(ERROR.NO_ERROR);
  peer.send(request(5, true), data(3, 'late', true));
  const refused = await peer.until(({ type }) => type === FRAME.RST_STREAM);
  expect([refused.streamId, refused.payload.readUInt32BE(0)]).toEqual([5, ERROR.REFUSED_STREAM]);
  for (const stream of streams) stream.answer(HEAD, YES, TRAILERS);
  await eventually(() => peer.closed);
  expect([1, 3].map((id) => peer.data(id).toString())).toEqual(['yes', 'yes']);
});

test('a peer that answers nothing between two looks is cut', async () => {
  const { peer, connection, lost } = await start();
  peer.send(request(1, true));
  await peer.until(({ type }) => type === FRAME.SETTINGS);
  connection.checkAlive();
  const ping = await peer.until(({ type }) => type === FRAME.PING);
  peer.send(frame(FRAME.PING, FLAG.ACK, 0, ping.payload));
  await new Promise((resolve) => setTimeout(resolve, 20));
  connection.checkAlive();
  await peer.until((f) => f.type === FRAME.PING && f !== ping);
  connection.checkAlive();
  await eventually(() => peer.closed);
  expect(lost).toEqual([1]);
});
