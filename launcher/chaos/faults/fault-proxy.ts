// A TCP proxy on loopback that breaks one link on command: it holds what travels, refuses, resets,
// or does something to every nth chunk that a rule knows. It can be pointed at another server while
// connections are open, so a promoted replica takes its master's place. It never changes, repeats
// or reorders bytes: within one connection a network does not do that either.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK } from '../../ports.js';

/**
 * CUT_BEFORE   the chunk never arrives, and the client's connection is reset.
 * CUT_AFTER    it arrives and is answered; the client gets a reset instead of the answer.
 * delayMs      it arrives that much later, and whatever the client sends behind it too.
 */
export type Verdict = 'CUT_BEFORE' | 'CUT_AFTER' | { delayMs: number };

export interface ChunkRule {
  /** Which of the client's chunks it is about. */
  matches(chunk: Buffer): boolean;
  /** 1 is each of them, 20 every twentieth. */
  everyNth: number;
  verdict: Verdict;
}

/** Four pools and some reconnects; more than this is a client that leaks connections. */
const CONNECTIONS_MAX = 500;
/** A server that does not answer within this is gone, and so is the answer that was to be lost. */
const ANSWER_MS_MAX = 5_000;

interface Pair {
  readonly client: Socket;
  /** Undefined while the proxy holds a connection that came during the hold. */
  server: Socket | undefined;
  /** Nothing that the server still says gets through. */
  muted: boolean;
  /** A chunk of the client's that is on a long way; nothing overtakes it. */
  late: Buffer | undefined;
}

export class FaultProxy {
  readonly name: string;
  /** How often the rule has struck since it was set. */
  strikes = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #targetPort: number;
  #port = 0;
  #mode: 'PASS' | 'HOLD' | 'REFUSE' = 'PASS';
  #rule: ChunkRule | undefined;
  #matches = 0;

  constructor(name: string, targetPort: number) {
    this.name = name;
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#accept(client));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, LOOPBACK);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Leads through the proxy. */
  get port(): number {
    return this.#port;
  }

  get targetPort(): number {
    return this.#targetPort;
  }

  /** Leads to another server from now on. What is open is reset. */
  pointTo(targetPort: number): void {
    this.#targetPort = targetPort;
    this.cut();
  }

  /** Resets every connection; new ones are welcome. */
  cut(): void {
    for (const pair of this.#pairs) this.#reset(pair);
  }

  /** Nothing moves in either direction, as on a network that loses every packet. */
  hold(): void {
    this.#mode = 'HOLD';
    for (const pair of this.#pairs) {
      pair.client.pause();
      pair.server?.pause();
    }
  }

  refuse(): void {
    this.#mode = 'REFUSE';
    this.cut();
  }

  /** Back to order. What was held arrives now, late. */
  pass(): void {
    this.#mode = 'PASS';
    this.#rule = undefined;
    for (const pair of this.#pairs) {
      if (pair.server === undefined) this.#join(pair);
      pair.server?.resume();
      this.#listenToClient(pair);
    }
  }

  setRule(rule: ChunkRule): void {
    this.#rule = rule;
    this.#matches = 0;
    this.strikes = 0;
  }

  async close(): Promise<void> {
    this.refuse();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #accept(client: Socket): void {
    const pair: Pair = { client, server: undefined, muted: false, late: undefined };
    client.on('error', () => undefined);
    if (this.#mode === 'REFUSE') {
      client.resetAndDestroy();
      return;
    }
    client.setNoDelay(true);
    client.pause();
    client.on('close', () => this.#reset(pair));
    client.on('data', (chunk: Buffer) => this.#fromClient(pair, chunk));
    this.#pairs.add(pair);
    if (this.#mode !== 'PASS') return;
    this.#join(pair);
    client.resume();
  }

  #join(pair: Pair): void {
    const server = connect({ port: this.#targetPort, host: LOOPBACK, noDelay: true });
    pair.server = server;
    server.on('error', () => undefined);
    server.on('close', () => this.#reset(pair));
    server.on('data', (chunk: Buffer) => {
      if (pair.muted) this.#reset(pair);
      else this.#write(pair.client, chunk, server, () => this.#mode !== 'HOLD' && server.resume());
    });
  }

  #fromClient(pair: Pair, chunk: Buffer): void {
    const { server } = pair;
    if (server === undefined) return;
    const verdict = this.#judge(chunk);
    if (verdict === 'CUT_BEFORE') {
      this.#reset(pair);
      return;
    }
    if (verdict === 'CUT_AFTER') {
      pair.muted = true;
      setTimeout(() => this.#reset(pair), ANSWER_MS_MAX).unref();
    }
    if (typeof verdict === 'object') this.#sendLate(pair, chunk, verdict.delayMs);
    else this.#write(server, chunk, pair.client, () => this.#listenToClient(pair));
  }

  #sendLate(pair: Pair, chunk: Buffer, delayMs: number): void {
    pair.client.pause();
    pair.late = chunk;
    setTimeout(() => {
      pair.server?.write(chunk);
      pair.late = undefined;
      this.#listenToClient(pair);
    }, delayMs);
  }

  #listenToClient(pair: Pair): void {
    if (this.#mode !== 'HOLD' && pair.late === undefined) pair.client.resume();
  }

  #judge(chunk: Buffer): Verdict | undefined {
    const rule = this.#rule;
    if (rule?.matches(chunk) !== true) return undefined;
    this.#matches += 1;
    if (this.#matches % rule.everyNth !== 0) return undefined;
    this.strikes += 1;
    return rule.verdict;
  }

  /** A slow reader makes its writer wait, so no buffer here grows beyond a few chunks. */
  #write(to: Socket, chunk: Buffer, from: Socket, goOn: () => void): void {
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once('drain', goOn);
  }

  #reset(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server?.destroy();
  }
}
