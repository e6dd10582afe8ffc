// The provider's HTTP interface. A charge is taken at once and settles a little later; whoever ordered it
// is called back. The buyer's page settles charges that wait for a buyer.
//
//   POST /v1/charges   Idempotency-Key   200 charge | 400 | 402 | 409
//   GET  /v1/charges?idempotency_key=    200 charge | 404
//   POST /v1/refunds   Idempotency-Key   200 refund | 400 | 404 | 409 | 422
//   GET  /v1/statement                   one JSON line per movement of money, oldest first
//   GET  /v1/statement.csv               the same: date,number,kind,reference,key,currency,amount_minor
//   GET  /v1/totals                      captured and refunded by currency
//   PUT  /v1/faults    {seed, rules}     200 what now holds | 400; see fault-rules.ts
//   GET  /v1/faults                      the rules, how often each has hit, and counts
//   DELETE /v1/faults                    from now on all goes well again
//   GET  /pay/<number>                   the buyer pays
//   GET  /healthz

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../platform/log.js';
import { type Answer, bodyOf, refusal, SILENCE } from './answer.js';
import { Counter } from './counter.js';
import type { Faults } from './faults.js';
import type { Ledger } from './ledger.js';
import { commandFaults } from './messages.js';
import { methodOf } from './methods.js';
import type { Charge, LedgerEvent } from './records.js';
import { statementCsv, statementLines } from './statement.js';

export interface SandboxServerOptions {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly tell: (event: LedgerEvent) => void;
  readonly delayMs: number;
  readonly log: Log;
}

/** Calls that are never answered hold a connection each; their callers give up long before. */
const SILENT_MS_MAX = 60_000;

export class SandboxServer {
  readonly #o: SandboxServerOptions;
  readonly #counter: Counter;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(o: SandboxServerOptions) {
    this.#o = o;
    this.#counter = new Counter({ ...o, settleLater: (number) => this.settleLater(number) });
    this.#server = createServer(
      // Idle connections are kept longer than callers keep them, so that callers do the closing.
      { keepAliveTimeout: 65_000, headersTimeout: 5_000, requestTimeout: 10_000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = 2_048;
  }

  /** Answers the port. */
  async listen(address: string): Promise<number> {
    const colon = address.lastIndexOf(':');
    this.#server.listen(Number(address.slice(colon + 1)), address.slice(0, colon));
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  settleLater(number: string): void {
    const { delayMs, ledger } = this.#o;
    const { laterMs = 0 } = methodOf(ledger.chargeOf(number)?.method ?? '');
    this.#later(delayMs + laterMs, () => this.#settle(number));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #settle(number: string): void {
    const event = this.#o.ledger.settle(number);
    if (event !== undefined) this.#o.tell(event);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#route(request).catch((error: unknown) => {
      this.#o.log.error({ err: error }, 'request failed');
      return refusal(500, 'internal error');
    });
    if (answer === SILENCE) {
      this.#later(SILENT_MS_MAX, () => response.destroy());
      return;
    }
    response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' });
    if (answer.pieces === undefined) {
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      return;
    }
    await pipeline(Readable.from(answer.pieces), response).catch((error: Error) => {
      this.#o.log.debug({ err: error }, 'statement not read to its end');
    });
  }

  async #route(request: IncomingMessage): Promise<Answer | typeof SILENCE> {
    const target = `http://sandbox${request.url ?? '/'}`;
    if (!URL.canParse(target)) return refusal(400, 'not a path');
    const url = new URL(target);
    const route = `${request.method} ${url.pathname}`;
    const key = request.headers['idempotency-key'];
    const { ledger, faults } = this.#o;
    switch (route) {
      case 'POST /v1/charges':
        return this.#counter.charge(key, await bodyOf(request), traceOf(request));
      case 'POST /v1/refunds':
        return this.#counter.refund(key, await bodyOf(request), traceOf(request));
      case 'GET /v1/charges':
        return this.#counter.find(url.searchParams.get('idempotency_key') ?? '');
      case 'GET /v1/statement':
        return { ...STATEMENT_LINES, pieces: statementLines(ledger.movements()) };
      case 'GET /v1/statement.csv':
        return { ...STATEMENT_CSV, pieces: statementCsv(ledger.movements()) };
      case 'GET /v1/totals':
        return { status: 200, body: totals(ledger) };
      case 'PUT /v1/faults':
        return commandFaults(faults, await bodyOf(request));
      case 'DELETE /v1/faults':
        return commandFaults(faults, { rules: [] });
      case 'GET /v1/faults':
        return { status: 200, body: faults.report() };
      case 'GET /healthz':
        return { status: 200, body: { status: 'ok' } };
      default:
        return route.startsWith('GET /pay/')
          ? this.#pay(url.pathname.slice('/pay/'.length))
          : refusal(404, 'no such page');
    }
  }

  #pay(number: string): Answer {
    const charge = this.#o.ledger.chargeOf(number);
    if (charge === undefined) return refusal(404, 'no such charge');
    this.#settle(number);
    return { status: 200, body: paidPage(charge), type: 'text/html; charset=utf-8' };
  }
}

const STATEMENT_LINES = { status: 200, type: 'application/jsonl' } as const;
const STATEMENT_CSV = { status: 200, type: 'text/csv; charset=utf-8; header=present' } as const;

function totals(ledger: Ledger) {
  const captured_minor: Record<string, number> = {};
  const refunded_minor: Record<string, number> = {};
  for (const { kind, currency, amount_minor } of ledger.movements()) {
    const sums = kind === 'charge' ? captured_minor : refunded_minor;
    sums[currency] = (sums[currency] ?? 0) + amount_minor;
  }
  return { captured_minor, refunded_minor };
}

function paidPage({ reference, amount }: Charge): string {
  const money = `${amount.amount_minor} minor units of ${amount.currency}`;
  const text = `Paid ${money} for ${reference}. You may close this page.`;
  return `<!doctype html><meta charset="utf-8"><title>Sandbox</title><p>${text}</p>\n`;
}

/** The trace that an order belongs to, as its sender wrote it. */
function traceOf(request: IncomingMessage): string | undefined {
  const header = request.headers['traceparent'];
  return typeof header === 'string' && /^[0-9a-f-]{55}$/.test(header) ? header : undefined;
}
