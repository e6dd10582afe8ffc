// For tests: a memory in front of Stripe's mock server. Every request goes to the mock, which checks it and
// answers with a sample; what was asked for is then written into the sample, and remembered by number and
// by idempotency key, as Stripe does. It can also misbehave.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

export interface Asked {
  readonly route: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
  /** What the mock itself says about it. */
  readonly judged: number;
}

export class StripeFront {
  readonly asked: Asked[] = [];
  /** Instead of an answer: this status, or silence. What was asked is done all the same after LOST. */
  mood: 'WELL' | 'SILENT' | 'LOST' | number = 'WELL';
  readonly sessions = new Map<string, Json>();
  readonly refunds: Json[] = [];
  readonly #keys = new Map<string, { form: string; answer: Json }>();
  readonly #server: Server;
  readonly #mock: string;

  /** A number, when it is not to be the sample's own. */
  readonly #number: string | undefined;

  constructor(mock: string, number?: string) {
    this.#mock = mock;
    this.#number = number;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  change(number: string, change: Json): void {
    Object.assign(this.sessions.get(number) ?? {}, change);
  }

  /** As Stripe does after a day. */
  forgetKeys(): void {
    this.#keys.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '/', 'http://front');
    const judged = await fetch(`${this.#mock}${request.url}`, {
      method: request.method ?? 'GET',
      headers: {
        authorization: request.headers.authorization ?? '',
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(request.method === 'POST' && { body }),
    });
    const sample = (await judged.json()) as Json;
    const route = `${request.method} ${url.pathname}`;
    const form = new URLSearchParams(request.method === 'POST' ? body : url.search);
    this.asked.push({ route, headers: request.headers, form, judged: judged.status });
    if (this.mood === 'SILENT') return;
    if (typeof this.mood === 'number') return refuse(response, this.mood, 'api_error');
    if (!judged.ok) return json(response, judged.status, sample);
    const key = String(request.headers['idempotency-key'] ?? '');
    const known = this.#keys.get(key);
    if (known !== undefined && known.form !== body) {
      return refuse(response, 400, 'idempotency_error');
    }
    const made = known?.answer ?? this.#act(route, form, sample);
    if (key !== '' && made !== undefined) this.#keys.set(key, { form: body, answer: made });
    if (this.mood === 'LOST') return void response.destroy();
    if (made === undefined) return refuse(response, 404, 'invalid_request_error');
    return json(response, 200, made);
  }

  #act(route: string, form: URLSearchParams, sample: Json): Json | undefined {
    const metadata = Object.fromEntries(
      [...form].flatMap(([name, value]) => {
        const field = /^metadata\[(.+)\]$/.exec(name)?.[1];
        return field === undefined ? [] : [[field, value]];
      }),
    );
    if (route === 'POST /v1/checkout/sessions') {
      const amount_total = Number(form.get('line_items[0][price_data][unit_amount]'));
      const currency = form.get('line_items[0][price_data][currency]');
      const id = this.#number ?? String(sample['id']);
      const session = { ...sample, id, amount_total, currency, metadata, payment_intent: null };
      this.sessions.set(id, session);
      return session;
    }
    if (route === 'POST /v1/refunds') {
      const refund = { ...sample, metadata };
      this.refunds.push(refund);
      return refund;
    }
    if (route === 'GET /v1/refunds') return { ...sample, data: this.refunds, has_more: false };
    return this.sessions.get(route.replace('GET /v1/checkout/sessions/', ''));
  }
}

function refuse(response: ServerResponse, status: number, type: string): void {
  json(response, status, { error: { type, message: 'refused by the test' } });
}

function json(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
