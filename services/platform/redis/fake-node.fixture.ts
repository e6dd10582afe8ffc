// For tests: a node of a Redis Cluster that answers as it is told, and counts what it has run. It knows
// no data: `DECR key` is the only command that counts as run.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** RUN answers; RUN_AND_CUT and RUN_AND_HUSH run it and lose the answer; else an error line. */
export type Behaviour = 'RUN' | 'RUN_AND_CUT' | 'RUN_AND_HUSH' | `-${string}`;

export class FakeNode {
  /** What is done with the next commands; when it is used up, what a node of a cluster does. */
  readonly script: Behaviour[] = [];
  /** ASKING ends the connection. */
  cutsAtAsking = false;
  /** Takes everything and answers nothing. */
  hangs = false;
  runs = 0;
  arrivals = 0;
  connections = 0;
  /** Who has all slots. */
  owner: FakeNode = this;
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Resets every connection; new ones are served. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    this.connections += 1;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    let waiting = '';
    socket.on('data', (data) => {
      const { commands, rest } = split(waiting + data.toString('latin1'));
      waiting = rest;
      for (const command of commands) this.#answer(socket, command);
    });
  }

  #answer(socket: Socket, [name = '', ...args]: readonly string[]): void {
    if (this.hangs) return;
    const verb = name.toLowerCase();
    if (verb === 'decr') this.#decr(socket);
    else if (verb === 'asking' && this.cutsAtAsking) socket.resetAndDestroy();
    else socket.write(this.#reply(verb, args[0]?.toLowerCase()));
  }

  #reply(verb: string, argument: string | undefined): string {
    if (verb === 'hello') return "-ERR unknown command 'HELLO'\r\n";
    if (verb === 'info') return bulk('role:master\r\nloading:0\r\n');
    return verb === 'cluster' && argument === 'slots' ? this.#slots() : '+OK\r\n';
  }

  #decr(socket: Socket): void {
    this.arrivals += 1;
    const moved = `-MOVED 1 ${this.owner.address}` as const;
    const behaviour = this.script.shift() ?? (this.owner === this ? 'RUN' : moved);
    if (behaviour.startsWith('-')) {
      socket.write(`${behaviour}\r\n`);
      return;
    }
    this.runs += 1;
    if (behaviour === 'RUN') socket.write(`:${-this.runs}\r\n`);
    if (behaviour === 'RUN_AND_CUT') socket.resetAndDestroy();
  }

  #slots(): string {
    const { port } = this.owner;
    return `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n${bulk('127.0.0.1')}:${port}\r\n`;
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** Commands are arrays of bulk strings; what is not complete yet is left over. */
function split(text: string): { commands: string[][]; rest: string } {
  const commands: string[][] = [];
  let rest = text;
  for (;;) {
    const command = firstOf(rest);
    if (command === undefined) return { commands, rest };
    commands.push(command.words);
    rest = rest.slice(command.length);
  }
}

function firstOf(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  const words: string[] = [];
  let at = head[0].length;
  while (words.length < Number(head[1])) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (size === null) return undefined;
    const start = at + size[0].length;
    const end = start + Number(size[1]);
    if (text.length < end + 2) return undefined;
    words.push(text.slice(start, end));
    at = end + 2;
  }
  return { words, length: at };
}
