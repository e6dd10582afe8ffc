// For tests: a server and its client on a free loopback port, with only the handlers that the test
// is about.
import type { DescService } from '@bufbuild/protobuf';
import { pino } from 'pino';
import type { Log } from '../log.js';
import { type Client, connectClient } from './client.js';
import { type Handlers, RpcServer, type RpcServerOptions } from './server.js';

export interface Loopback<S extends DescService> {
  server: RpcServer;
  client: Client<S>;
  address: string;
  /** What the server logged, newest last. */
  logged: Record<string, unknown>[];
  close(): Promise<void>;
}

export async function startLoopback<S extends DescService>(
  service: S,
  handlers: Partial<Handlers<S>>,
  o: Partial<RpcServerOptions> & { concurrencyExempt?: (keyof S['method'])[] } = {},
): Promise<Loopback<S>> {
  const { concurrencyExempt = [], ...options } = o;
  const logged: Record<string, unknown>[] = [];
  const server = new RpcServer({
    log: collectingLog(logged),
    deadlineMsDefault: 2_000,
    deadlineMsMax: 5_000,
    concurrencyMax: 100,
    ...options,
  });
  server.add(service, { ...absent(service), ...handlers }, { concurrencyExempt });
  const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  const client = connectClient(service, { addresses: [address] });
  const close = async () => {
    client.close();
    await server.stop(1_000);
  };
  return { server, client, address, logged, close };
}

export function inMs(ms: number): { deadlineMs: number } {
  return { deadlineMs: Date.now() + ms };
}

/** A promise and the function that resolves it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function absent<S extends DescService>(service: S): Handlers<S> {
  const refuse = () => {
    throw new Error('this test has no handler for the method');
  };
  const names = service.methods.map((method) => [method.localName, refuse]);
  return Object.fromEntries(names) as Handlers<S>;
}

function collectingLog(lines: Record<string, unknown>[]): Log {
  return pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
}
