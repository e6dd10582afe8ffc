// Promise: tools that know nothing of the .proto files can list and call what is served, and ask
// whether it is ready. Method: `buf curl` as a child process, and grpc.health.v1 over loopback.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../../gen/grpc/health/v1/health_pb.js';
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { connectClient } from './client.js';
import { inMs, type Loopback, startLoopback } from './loopback.fixture.js';

let loopback: Loopback<typeof InventoryService>;

beforeAll(async () => {
  loopback = await startLoopback(InventoryService, {
    getStock: async ({ skuId }) => ({ stock: { skuId, total: 7n } }),
  });
});

afterAll(() => loopback.close());

const run = promisify(execFile);

async function bufCurl(...args: string[]): Promise<string> {
  const curl = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--timeout', '20s'];
  const { stdout } = await run('node_modules/.bin/buf', [...curl, ...args], { timeout: 30_000 });
  return stdout;
}

test('buf curl lists the services', async () => {
  const listed = await bufCurl('--list-services', `http://${loopback.address}`);
  expect(listed.trim().split('\n').sort()).toEqual([
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'spillway.inventory.v1.InventoryService',
  ]);
}, 60_000);

test.each(['grpc-v1', 'grpc-v1alpha'])(
  'buf curl calls a method, %s',
  async (protocol) => {
    const url = `http://${loopback.address}/spillway.inventory.v1.InventoryService/GetStock`;
    const body = ['--reflect-protocol', protocol, '-d', '{"skuId":"sku-1"}'];
    expect(JSON.parse(await bufCurl(...body, url))).toEqual({
      stock: { skuId: 'sku-1', total: '7' },
    });
  },
  60_000,
);

test('health says what setServing said, of process and service, watched or asked', async () => {
  const health = connectClient(Health, { addresses: [loopback.address] });
  const ask = async (service: string) => (await health.check({ service }, inMs(1_000))).status;
  const seen: Serving[] = [];
  const watching = (async () => {
    for await (const { status } of health.watch({ service: '' }, inMs(5_000))) {
      seen.push(status);
      if (seen.length === 1) loopback.server.setServing(true);
      if (seen.length === 2) loopback.server.setServing(false);
      if (seen.length === 3) break;
    }
  })();
  expect(await ask('')).toBe(Serving.NOT_SERVING);
  await watching;
  expect(seen).toEqual([Serving.NOT_SERVING, Serving.SERVING, Serving.NOT_SERVING]);
  loopback.server.setServing(true);
  expect(await ask('spillway.inventory.v1.InventoryService')).toBe(Serving.SERVING);
  await expect(ask('absent')).rejects.toMatchObject({ code: 5 });
  health.close();
});

test('watchers of health do not hold up a stop', async () => {
  const other = await startLoopback(InventoryService, {});
  const health = connectClient(Health, { addresses: [other.address] });
  const startedMs = Date.now();
  for await (const _ of health.watch({ service: '' }, inMs(20_000))) void other.server.stop(15_000);
  await other.close();
  expect(Date.now() - startedMs).toBeLessThan(5_000);
  health.close();
});
