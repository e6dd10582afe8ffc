// For tests: the client's side of a connection, frame by frame, so that it can break every rule; and a
// server whose streams do what the test says.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Connection } from './connection.js';
import { FRAME, FrameReader, PREFACE, settingsFrame } from './frames.js';
import { encodeFields } from './hpack.js';
import type { ServerStream, StreamOwner } from './server-stream.js';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Waits until it holds, for as long as anything on loopback can take. */
export async function eventually(holds: () => boolean): Promise<void> {
  const untilMs = Date.now() + 4_000;
  while (!holds()) {
    if (Date.now() > untilMs) throw new Error(`never: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export class Peer {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk) => {
      this.#reader.read(chunk, (type, flags, streamId, payload) => {
        this.frames.push({ type, flags, streamId, payload });
        return true;
      });
    });
  }

  send(...bytes: Buffer[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Waits until there is such a frame. */
  async until(holds: (frame: Frame) => boolean): Promise<Frame> {
    const untilMs = Date.now() + 4_000;
    for (;;) {
      const found = this.frames.find(holds);
      if (found !== undefined) return found;
      if (this.closed || Date.now() > untilMs) throw new Error(`no such frame: ${this.#seen()}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** What has come of a stream's data. */
  data(streamId: number): Buffer {
    const parts = this.frames.filter((f) => f.type === FRAME.DATA && f.streamId === streamId);
    return Buffer.concat(parts.map(({ payload }) => payload));
  }

  #seen(): string {
    return this.frames.map(({ type, streamId }) => `${type}/${streamId}`).join(' ');
  }
}

export interface Scene {
  readonly peer: Peer;
  readonly connection: Connection;
  readonly streams: ServerStream[];
  readonly lost: number[];
  readonly received: Map<number, string>;
  close(): Promise<void>;
}

export interface SceneOptions {
  streamsMax?: number;
  streamWindowBytes?: number;
  /** Called when a request is whole. */
  whole?: (stream: ServerStream) => void;
  /** Sent instead of the usual beginning. */
  hello?: readonly Buffer[];
}

export async function startScene(o: SceneOptions = {}): Promise<Scene> {
  const streams: ServerStream[] = [];
  const lost: number[] = [];
  const received = new Map<number, string>();
  const owner = (stream: ServerStream): StreamOwner => ({
    received(data, last) {
      const { streamId } = stream;
      received.set(streamId, `${received.get(streamId) ?? ''}${data.toString('latin1')}`);
      if (last) o.whole?.(stream);
    },
    lost: () => lost.push(stream.streamId),
    drained() {},
  });
  const connections: Connection[] = [];
  const server: Server = createServer((socket) => {
    const connection = new Connection(socket, {
      streamsMax: o.streamsMax ?? 100,
      streamWindowBytes: o.streamWindowBytes ?? 65_535,
      open(stream) {
        streams.push(stream);
        return owner(stream);
      },
      closed() {},
    });
    connections.push(connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const peer = new Peer(socket);
  peer.send(...(o.hello ?? [PREFACE, settingsFrame([])]));
  await eventually(() => connections.length > 0);
  const close = async () => {
    peer.close();
    server.close();
    await once(server, 'close');
  };
  return { peer, connection: connections[0] as Connection, streams, lost, received, close };
}

export const REQUEST = encodeFields([
  { name: ':method', value: 'POST' },
  { name: ':scheme', value: 'http' },
  { name: ':path', value: '/a/b' },
]);
