// Promise: calls go round the servers, and a server that stops answers what it accepted while the
// others take the rest. Method: two servers on loopback, with handlers held by a gate.

import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { connectClient } from './client.js';
import { gate, inMs, type Loopback, startLoopback } from './loopback.fixture.js';

const started: Loopback<typeof InventoryService>[] = [];

async function start(handlers: { getStock: () => Promise<typeof stock> }) {
  const loopback = await startLoopback(InventoryService, handlers);
  started.push(loopback);
  return loopback;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((loopback) => loopback.close()));
});

const stock = { stock: { skuId: 'sku-1', available: 1n } };

describe('two servers', () => {
  async function startTwo(busy: () => Promise<void>) {
    const served = { a: 0, b: 0 };
    const handler = (name: 'a' | 'b') => ({
      getStock: async () => {
        served[name] += 1;
        await busy();
        return stock;
      },
    });
    const [a, b] = [await start(handler('a')), await start(handler('b'))];
    const client = connectClient(InventoryService, { addresses: [a.address, b.address] });
    const ask = () => client.getStock({ skuId: 'sku-1' }, inMs(4_000));
    // Whichever connects first gets the first calls.
    for (let calls = 0; calls < 1_000 && (served.a === 0 || served.b === 0); calls += 1)
      await ask();
    Object.assign(served, { a: 0, b: 0 });
    return { a, b, client, ask, served };
  }

  test('take turns', async () => {
    const { client, ask, served } = await startTwo(async () => {});
    for (let calls = 0; calls < 10; calls += 1) await ask();
    expect(served).toEqual({ a: 5, b: 5 });
    client.close();
  });

  test('one that stops answers what it has, and the other takes the rest', async () => {
    const hold = gate();
    let held = false;
    const { a, client, ask, served } = await startTwo(async () => {
      if (held) await hold.opened;
    });
    held = true;
    const early = Array.from({ length: 10 }, ask);
    while (served.a + served.b < 10) await new Promise(setImmediate);
    const stopped = a.server.stop(3_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = Array.from({ length: 10 }, ask);
    while (served.a + served.b < 20) await new Promise(setImmediate);
    hold.open();
    await Promise.all([...early, ...late]);
    await stopped;
    expect(served).toEqual({ a: 5, b: 15 });
    client.close();
  });

  test('calls that start while one closes its connections all succeed', async () => {
    const { a, client, ask } = await startTwo(async () => {});
    const calls: Promise<unknown>[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      calls.push(ask());
      if (turn === 50) void a.server.stop(3_000);
      await new Promise(setImmediate);
    }
    await Promise.all(calls);
    client.close();
  });
});

test('a handler that hangs is cut when the drain window ends', async () => {
  const entered = gate();
  const { client, server, logged } = await start({
    getStock: async () => {
      entered.open();
      return await new Promise(() => {});
    },
  });
  const call = client.getStock({ skuId: 'sku-1' }, inMs(5_000));
  const failed = expect(call).rejects.toMatchObject({ code: status.UNAVAILABLE, reason: '' });
  await entered.opened;
  await server.stop(50);
  await failed;
  expect(logged).toMatchObject([{ drainMsMax: 50 }]);
});
