import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FaultProxy, type Verdict } from './fault-proxy.js';

/** Answers every chunk with its own name and the chunk. */
class Echo {
  readonly heard: string[] = [];
  readonly #server: Server;

  constructor(readonly name: string) {
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        this.heard.push(String(chunk));
        socket.write(`${name}:${String(chunk)}`);
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}

let one: Echo;
let other: Echo;
let otherPort: number;
let proxy: FaultProxy;
let client: Socket;

beforeEach(async () => {
  one = new Echo('one');
  other = new Echo('other');
  otherPort = await other.listen();
  proxy = new FaultProxy('test', await one.listen());
  await proxy.listen();
  client = dial();
});

afterEach(async () => {
  client.destroy();
  await proxy.close();
  one.close();
  other.close();
});

function dial(): Socket {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  // An error is a reset, and once() rejects with it.
  const answer = once(socket, 'data').then(
    ([chunk]) => String(chunk),
    () => 'closed',
  );
  socket.write(text);
  return await answer;
}

function strike(everyNth: number, verdict: Verdict): void {
  proxy.setRule({ matches: (chunk) => chunk.includes('commit'), everyNth, verdict });
}

test('it passes on what is said', async () => {
  expect(await ask(client, 'hello')).toBe('one:hello');
});

test('what is cut before never arrives', async () => {
  strike(1, 'CUT_BEFORE');
  expect(await ask(client, 'commit')).toBe('closed');
  expect(one.heard).toEqual([]);
  expect(proxy.strikes).toBe(1);
});

test('what is cut after arrives, and its answer does not', async () => {
  strike(1, 'CUT_AFTER');
  expect(await ask(client, 'commit')).toBe('closed');
  expect(one.heard).toEqual(['commit']);
});

test('a rule strikes each nth match and leaves the others alone', async () => {
  strike(2, 'CUT_BEFORE');
  expect(await ask(client, 'commit 1')).toBe('one:commit 1');
  expect(await ask(client, 'select')).toBe('one:select');
  expect(await ask(client, 'commit 2')).toBe('closed');
});

test('a late chunk is not overtaken', async () => {
  strike(1, { delayMs: 50 });
  const first = once(client, 'data');
  client.write('commit');
  await sleep(10);
  client.write('next');
  await first;
  while (one.heard.join('').length < 'commitnext'.length) await sleep(5);
  expect(one.heard.join('')).toBe('commitnext');
});

test('what is held arrives when it passes again, on old and new connections', async () => {
  expect(await ask(client, 'hello')).toBe('one:hello');
  proxy.hold();
  const late = dial();
  const answers = [ask(client, 'held'), ask(late, 'new')];
  await sleep(50);
  expect(one.heard).toEqual(['hello']);
  proxy.pass();
  expect(await Promise.all(answers)).toEqual(['one:held', 'one:new']);
  late.destroy();
});

test('another server takes the place of the first; old connections are reset', async () => {
  await ask(client, 'hello');
  const closed = new Promise((resolve) => client.once('close', resolve));
  proxy.pointTo(otherPort);
  await closed;
  const next = dial();
  expect(await ask(next, 'hello')).toBe('other:hello');
  next.destroy();
});

test('who is refused is told so at once', async () => {
  proxy.refuse();
  const next = dial();
  expect(await ask(next, 'hello')).toBe('closed');
  proxy.pass();
  const welcome = dial();
  expect(await ask(welcome, 'hello')).toBe('one:hello');
  welcome.destroy();
});
