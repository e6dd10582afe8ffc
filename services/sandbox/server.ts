// The provider's HTTP interface. A charge is taken at once and settles a little later; whoever ordered it
// is called back. The buyer's page settles charges that wait for a buyer.
//
//   POST /v1/charges   Idempotency-Key   200 charge | 400 | 409
//   GET  /v1/charges?idempotency_key=    200 charge | 404
//   POST /v1/refunds   Idempotency-Key   200 refund | 400 | 404 | 409 | 422
//   GET  /v1/statement                   one JSON line per movement of money
//   GET  /v1/totals                      captured and refunded by currency
//   GET  /pay/<number>                   the buyer pays
//   GET  /healthz

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../platform/log.js';
import type { Charge, Ledger, LedgerEvent } from './ledger.js';
import { chargeJson, chargeSchema, keySchema, problemOf, refundSchema } from './messages.js';

export interface SandboxServerOptions {
  readonly ledger: Ledger;
  readonly tell: (event: LedgerEvent) => void;
  readonly delayMs: number;
  readonly log: Log;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
}

const BODY_BYTES_MAX = 16 * 1024;

export class SandboxServer {
  readonly #o: SandboxServerOptions;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(o: SandboxServerOptions) {
    this.#o = o;
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
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#settle(number);
    }, this.#o.delayMs);
    this.#timers.add(timer);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
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
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' });
    response.end(text);
  }

  async #route(request: IncomingMessage): Promise<Answer> {
    const target = `http://sandbox${request.url ?? '/'}`;
    if (!URL.canParse(target)) return refusal(400, 'not a path');
    const url = new URL(target);
    const route = `${request.method} ${url.pathname}`;
    switch (route) {
      case 'POST /v1/charges':
        return this.#charge(request, await bodyOf(request));
      case 'POST /v1/refunds':
        return this.#refund(request, await bodyOf(request));
      case 'GET /v1/charges':
        return this.#find(url.searchParams.get('idempotency_key') ?? '');
      case 'GET /v1/statement':
        return { status: 200, body: this.#statement(), type: 'application/jsonl' };
      case 'GET /v1/totals':
        return { status: 200, body: this.#totals() };
      case 'GET /healthz':
        return { status: 200, body: { status: 'ok' } };
      default:
        return route.startsWith('GET /pay/')
          ? this.#pay(url.pathname.slice('/pay/'.length))
          : refusal(404, 'no such page');
    }
  }

  #charge(request: IncomingMessage, body: unknown): Answer {
    const key = keySchema.safeParse(request.headers['idempotency-key']);
    const parsed = chargeSchema.safeParse(body);
    if (!key.success) return refusal(400, 'Idempotency-Key is missing or odd');
    if (!parsed.success) return refusal(400, problemOf(parsed.error));
    const answer = this.#o.ledger.charge({ ...parsed.data, key: key.data });
    if (answer.outcome === 'KEY_REUSED') return refusal(409, 'the key was used for another charge');
    const { charge } = answer;
    if (answer.outcome === 'CREATED' && charge.status === 'processing') {
      this.settleLater(charge.number);
    }
    return { status: 200, body: chargeJson(charge, charge.first) };
  }

  #find(key: string): Answer {
    const charge = this.#o.ledger.chargeOfKey(key);
    if (charge === undefined) return refusal(404, 'no charge under this key');
    const { redirect_url } = charge.first;
    return { status: 200, body: chargeJson(charge, { status: charge.status, redirect_url }) };
  }

  #refund(request: IncomingMessage, body: unknown): Answer {
    const key = keySchema.safeParse(request.headers['idempotency-key']);
    const parsed = refundSchema.safeParse(body);
    if (!key.success) return refusal(400, 'Idempotency-Key is missing or odd');
    if (!parsed.success) return refusal(400, problemOf(parsed.error));
    const answer = this.#o.ledger.refund({ ...parsed.data, key: key.data });
    switch (answer.outcome) {
      case 'KEY_REUSED':
        return refusal(409, 'the key was used for another refund');
      case 'CHARGE_UNKNOWN':
        return refusal(404, 'no such captured charge');
      case 'EXCEEDS_CHARGE':
        return refusal(422, 'more than is left of the charge');
      case 'CREATED':
      case 'REPEATED': {
        const { number, charge, amount } = answer.refund;
        const event = this.#o.ledger.eventOf(number);
        if (answer.outcome === 'CREATED' && event !== undefined) this.#o.tell(event);
        return { status: 200, body: { number, charge, amount, status: 'succeeded' } };
      }
    }
  }

  #pay(number: string): Answer {
    const charge = this.#o.ledger.chargeOf(number);
    if (charge === undefined) return refusal(404, 'no such charge');
    this.#settle(number);
    return { status: 200, body: paidPage(charge), type: 'text/html; charset=utf-8' };
  }

  #statement(): string {
    let text = '';
    for (const movement of this.#o.ledger.movements()) text += `${JSON.stringify(movement)}\n`;
    return text;
  }

  #totals(): Record<'captured_minor' | 'refunded_minor', Record<string, number>> {
    const captured_minor: Record<string, number> = {};
    const refunded_minor: Record<string, number> = {};
    for (const { kind, currency, amount_minor } of this.#o.ledger.movements()) {
      const totals = kind === 'charge' ? captured_minor : refunded_minor;
      totals[currency] = (totals[currency] ?? 0) + amount_minor;
    }
    return { captured_minor, refunded_minor };
  }
}

function paidPage({ reference, amount }: Charge): string {
  const money = `${amount.amount_minor} minor units of ${amount.currency}`;
  const text = `Paid ${money} for ${reference}. You may close this page.`;
  return `<!doctype html><meta charset="utf-8"><title>Sandbox</title><p>${text}</p>\n`;
}

function refusal(status: number, message: string): Answer {
  return { status, body: { error: { message } } };
}

/** Undefined for anything that is not JSON of a bearable size: the schema then says what is missing. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  try {
    return bytes > BODY_BYTES_MAX ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
