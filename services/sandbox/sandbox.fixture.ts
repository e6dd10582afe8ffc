// For tests: the provider in this process, and a receiver of its callbacks that keeps what it heard.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Callbacks } from './callbacks.js';
import { Faults } from './faults.js';
import { openJournal } from './journal.js';
import { Ledger } from './ledger.js';
import { Postman } from './postman.js';
import { sign } from './seals.js';
import { SandboxServer } from './server.js';

const SECRET = 'sandbox-test-secret';

export interface Heard {
  readonly id: string;
  readonly type: string;
  readonly signed: boolean;
  /** Between its signature and its arrival. */
  readonly ageSeconds: number;
  readonly data: {
    readonly number: string;
    readonly reference: string;
    readonly amount: { readonly currency: string; readonly amount_minor: number };
  };
}

export class Receiver {
  heard: Heard[] = [];
  /** How often a callback is refused before it is taken. */
  refusals = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#hear(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  forget(): void {
    this.refusals = 0;
    this.heard = [];
  }

  types(): string[] {
    return this.heard.map((event) => event.type);
  }

  get unsigned(): number {
    return this.heard.filter((event) => !event.signed).length;
  }

  /** A charge that calls back here. */
  order(more: object = {}) {
    const { port } = this.#server.address() as AddressInfo;
    const callback_url = `http://127.0.0.1:${port}/callbacks`;
    const amount = { currency: 'EUR', amount_minor: 500 };
    return { amount, reference: 'p-7', method: 'card', callback_url, ...more };
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const signature = String(request.headers['spillway-signature']);
    const seconds = Number(/^t=([0-9]+),/.exec(signature)?.[1]);
    const ageSeconds = Math.floor(Date.now() / 1_000) - seconds;
    const signed = signature === sign(SECRET, seconds, body);
    this.heard.push({ ...JSON.parse(body), signed, ageSeconds });
    response.writeHead(this.refusals-- > 0 ? 503 : 200).end();
  }
}

export async function startSandbox(file?: string) {
  const log = pino({ level: 'silent' });
  const journal = openJournal(file);
  let numbers = journal.entries.length;
  const ledger = new Ledger({
    write: (entry) => journal.write(entry),
    newNumber: (prefix) => `${prefix}_${++numbers}`,
    nowMs: () => Date.now(),
    payUrl: (number) => `/pay/${number}`,
  });
  for (const entry of journal.entries) ledger.replay(entry);
  const faults = new Faults();
  const callbacks = new Callbacks(log);
  const onTaken = ({ data }: { data: { number: string } }) => ledger.taken(data.number);
  const postman = new Postman({ callbacks, faults, secret: SECRET, onTaken });
  const tell = postman.tell.bind(postman);
  const server = new SandboxServer({ ledger, faults, tell, delayMs: 5, log });
  const stop = async () => {
    await server.stop();
    postman.stop();
    callbacks.stop();
    journal.close();
  };
  const url = `http://127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  return { url, ledger, postman, stop };
}

export async function call(url: string, key: string | undefined, body: unknown, method = 'POST') {
  const response = await fetch(url, {
    method,
    headers: key === undefined ? {} : { 'idempotency-key': key },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<'number' | 'status' | 'redirect_url', string>;
  return { status: response.status, body: answer };
}

export async function get(url: string) {
  const response = await fetch(url);
  const text = await response.text();
  return { status: response.status, text };
}

export async function eventually(check: () => unknown): Promise<void> {
  const endMs = Date.now() + 3_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
