// For tests: a whole payment service on real MySQL, the sandbox provider as a process of its own, and in
// place of the order service and the gateway two that are scripted and keep count.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { pino } from 'pino';
import {
  OrderService,
  PaymentNews,
  PaymentRecordOutcome,
} from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { type Client, connectClient } from '../platform/rpc/client.js';
import type { RpcError } from '../platform/rpc/errors.js';
import { type Loopback, startLoopback } from '../platform/rpc/loopback.fixture.js';
import { paymentConfig } from './config.js';
import { startPaymentService } from './main.js';

export const SECRET = 'secret-of-the-test-mesh';

type PaymentClient = Client<typeof PaymentService> & { close(): void };

export interface PaymentMesh {
  readonly client: PaymentClient;
  readonly orders: ScriptedOrders;
  readonly gateway: ScriptedGateway;
  readonly sandboxUrl: string;
  stop(): Promise<void>;
}

/** `env` is told to the service besides. */
export async function startPaymentMesh(
  mysqlUrls: readonly string[],
  env: Record<string, string> = {},
): Promise<PaymentMesh> {
  const stops: (() => unknown)[] = [];
  const prefix = `t${randomBytes(4).toString('hex')}_`;
  stops.push(() => dropDatabases(mysqlUrls, `${prefix}payment`));
  const sandbox = await startSandbox();
  stops.push(sandbox.stop);
  const orders = new ScriptedOrders();
  await orders.start();
  stops.push(() => orders.stop());
  const gateway = new ScriptedGateway();
  const callbackUrl = await gateway.start();
  stops.push(() => gateway.stop());

  const config = paymentConfig({
    LISTEN: '127.0.0.1:0',
    MYSQL_SHARDS: `0-31=${mysqlUrls[0]},32-63=${mysqlUrls[1]}`,
    MYSQL_DATABASE_PREFIX: prefix,
    ORDER_ADDRESSES: orders.address,
    PROVIDER_URL: sandbox.url,
    PROVIDER_SECRETS: `${SECRET},the-one-before-it`,
    CALLBACK_URL: callbackUrl,
    PAYMENT_LOOK_AFTER_MS: '300',
    ...env,
  });
  const onStop = (_: string, stop: () => unknown) => void stops.push(stop);
  const port = await startPaymentService(config, pino({ level: 'silent' }), { onStop });
  const client = connectClient(PaymentService, { addresses: [`127.0.0.1:${port}`] });
  gateway.connect(client);
  stops.push(() => client.close());
  const stop = async () => {
    for (const step of stops.toReversed()) await step();
  };
  return { client, orders, gateway, sandboxUrl: sandbox.url, stop };
}

/** Says what the test wants about each order, and remembers what it was told. */
export class ScriptedOrders {
  readonly told: string[] = [];
  readonly answers = new Map<string, PaymentRecordOutcome>();
  #loopback: Loopback<typeof OrderService> | undefined;

  async start(): Promise<void> {
    this.#loopback = await startLoopback(OrderService, {
      recordPayment: async ({ records }) => ({
        outcomes: records.map(({ orderId, news, captured }) => {
          this.told.push(`${orderId} ${PaymentNews[news]} ${captured?.amountMinor}`);
          return this.answers.get(orderId) ?? PaymentRecordOutcome.RECORDED;
        }),
      }),
    });
  }

  get address(): string {
    return this.#loopback?.address ?? '';
  }

  toldOf(orderId: bigint): string[] {
    const mine = this.told.filter((line) => line.startsWith(`${orderId} `));
    return mine.map((line) => line.slice(`${orderId} `.length));
  }

  async stop(): Promise<void> {
    await this.#loopback?.close();
  }
}

/** Forwards callbacks once, twice, or not at all although it says that it did. */
export class ScriptedGateway {
  mode: 'ONCE' | 'TWICE' | 'LOSE' = 'ONCE';
  /** What became of each callback that was forwarded. */
  readonly taken: string[] = [];
  readonly #server: Server;
  #client: PaymentClient | undefined;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  connect(client: PaymentClient): void {
    this.#client = client;
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/callbacks/sandbox`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const signature = String(request.headers['spillway-signature']);
    const copies = { ONCE: 1, TWICE: 2, LOSE: 0 }[this.mode];
    const one = () => this.#forward(signature, Buffer.concat(chunks));
    const done = await Promise.all(Array.from({ length: copies }, one));
    response.writeHead(done.every((ok) => ok) ? 200 : 503).end();
  }

  async #forward(signature: string, body: Uint8Array): Promise<boolean> {
    const event = JSON.parse(Buffer.from(body).toString('utf8')) as {
      type: string;
      data: { reference: string };
    };
    const about = `${event.data.reference} ${event.type}`;
    try {
      const request = { provider: 'sandbox', signature, body };
      const answer = await this.#client?.handleProviderEvent(request, {
        deadlineMs: Date.now() + 3_000,
      });
      this.taken.push(`${about} ${answer?.duplicate ? 'DUPLICATE' : 'APPLIED'}`);
      return true;
    } catch (error) {
      this.taken.push(`${about} ${(error as RpcError).reason}`);
      return false;
    }
  }
}

/** Needs the build: a provider is somebody else's program, so it runs as one. */
async function startSandbox(): Promise<{ url: string; stop: () => Promise<void> }> {
  const main = fileURLToPath(new URL('../../dist/services/sandbox/main.js', import.meta.url));
  if (!existsSync(main)) throw new Error('the sandbox is not built: run npm run build first');
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: { LISTEN: '127.0.0.1:0', PROVIDER_SECRETS: SECRET, SANDBOX_DELAY_MS: '10' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  if (!child.stdout) throw new Error('the sandbox has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const { port } = JSON.parse(line) as { port?: number };
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, stop };
  }
  throw new Error('the sandbox did not start');
}

async function dropDatabases(urls: readonly string[], database: string): Promise<void> {
  for (const url of urls) {
    const connection = await createConnection(url);
    await connection.query(`DROP DATABASE IF EXISTS ${database}`);
    await connection.end();
  }
}
