// Promise: a unary call is answered once, in time, with what the handler said or with an error that
// says what to do; a full server says so.
// Method: a server and a client on loopback, handlers that the test holds with a gate.

import { credentials, Client as GrpcClient, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { RpcError } from './errors.js';
import { gate, inMs, type Loopback, startLoopback } from './loopback.fixture.js';
import type { Handlers } from './server.js';

type Inventory = typeof InventoryService;

const started: Loopback<Inventory>[] = [];

async function start(
  handlers: Partial<Handlers<Inventory>>,
  o?: Parameters<typeof startLoopback<Inventory>>[2],
): Promise<Loopback<Inventory>> {
  const loopback = await startLoopback(InventoryService, handlers, o);
  started.push(loopback);
  return loopback;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((loopback) => loopback.close()));
});

const stock = { stock: { skuId: 'sku-1', available: 2n ** 53n + 1n } };

test('a plain object goes in and a message comes out, int64 exact', async () => {
  const { client } = await start({
    getStock: async ({ skuId }) => ({ stock: { skuId, total: 2n ** 53n + 1n } }),
  });
  const answer = await client.getStock({ skuId: 'sku-1' }, inMs(1_000));
  expect(answer.stock).toMatchObject({ skuId: 'sku-1', total: 9007199254740993n });
});

test('bytes that are no message are a mistake of the caller, not ours', async () => {
  const { address } = await start({});
  const raw = new GrpcClient(address, credentials.createInsecure());
  const error = await new Promise((resolve) => {
    const bytes = (b: Buffer) => b;
    const path = '/spillway.inventory.v1.InventoryService/GetStock';
    raw.makeUnaryRequest(path, bytes, bytes, Buffer.from([0x0a, 0xff]), resolve);
  });
  raw.close();
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
});

describe('errors', () => {
  test('a refusal reaches the caller with reason, fields and delay', async () => {
    const { client } = await start({
      getStock: async () => {
        throw new RpcError({
          code: status.NOT_FOUND,
          reason: 'SKU_UNKNOWN',
          message: 'no such SKU: 100 % sure, ünd odd',
          metadata: { sku_id: 'sku-1' },
          retryDelayMs: 20,
        });
      },
    });
    await expect(client.getStock({ skuId: 'sku-1' }, inMs(1_000))).rejects.toMatchObject({
      name: 'RpcError',
      code: status.NOT_FOUND,
      reason: 'SKU_UNKNOWN',
      message: 'no such SKU: 100 % sure, ünd odd',
      metadata: { sku_id: 'sku-1' },
      retryDelayMs: 20,
    });
  });

  test('a broken rule names its field and never reaches the handler', async () => {
    let handled = 0;
    const { client } = await start({
      reserve: async () => {
        handled += 1;
        return {};
      },
    });
    const request = {
      reservationId: 'r',
      orderId: 'o',
      userId: 'u',
      lines: [{ skuId: 's', quantity: 0 }],
    };
    await expect(client.reserve(request, inMs(1_000))).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'FIELD_INVALID',
      fields: [{ field: 'lines[0].quantity' }],
    });
    expect(handled).toBe(0);
  });

  test.each([
    ['thrown later', async () => Promise.reject(new TypeError('row 17 is null'))],
    [
      'thrown at once',
      () => {
        throw new TypeError('row 17 is null');
      },
    ],
    ['an answer that cannot be encoded', async () => ({ stock: { total: 2n ** 70n } })],
  ])('a bug is masked and logged with its method: %s', async (_, getStock) => {
    const { client, logged } = await start({ getStock });
    const error = await client.getStock({ skuId: 'sku-1' }, inMs(1_000)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: status.INTERNAL, reason: '', message: 'internal error' });
    expect(logged).toMatchObject([{ method: '/spillway.inventory.v1.InventoryService/GetStock' }]);
  });

  test('a message that is too large is no overload of ours', async () => {
    const { client } = await start({ getStock: async () => stock }, { messageBytesMax: 100 });
    const call = client.getStock({ skuId: 's'.repeat(200) }, inMs(1_000));
    await expect(call).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: '' });
  });
});

describe('deadlines', () => {
  const rows: [string, number, number, number][] = [
    ['the caller decides', 1_000, 1_000, 5_000],
    ['down to nothing more than the limit', 60_000, 3_000, 3_000],
    ['and the default is for callers that set none', Infinity, 2_000, 5_000],
  ];
  test.each(rows)('%s', async (_, callerMs, expectedMs, deadlineMsMax) => {
    let leftMs = 0;
    const { client } = await start(
      {
        getStock: async (_request, ctx) => {
          leftMs = ctx.deadlineMs - Date.now();
          return stock;
        },
      },
      { deadlineMsMax },
    );
    await client.getStock({ skuId: 'sku-1' }, inMs(callerMs));
    expect(leftMs).toBeGreaterThan(expectedMs - 500);
    expect(leftMs).toBeLessThanOrEqual(expectedMs + 1);
  });

  test('shrink from hop to hop', async () => {
    const left: number[] = [];
    const inner = await start({
      getStock: async (_request, ctx) => {
        left.push(ctx.deadlineMs - Date.now());
        return stock;
      },
    });
    const outer = await start({
      getStock: async (request, ctx) => {
        left.push(ctx.deadlineMs - Date.now());
        await new Promise((resolve) => setTimeout(resolve, 50));
        return await inner.client.getStock(request, ctx);
      },
    });
    await outer.client.getStock({ skuId: 'sku-1' }, inMs(1_000));
    const [outerMs = 0, innerMs = 0] = left;
    expect(outerMs).toBeLessThanOrEqual(1_000);
    expect(innerMs).toBeLessThanOrEqual(outerMs - 45);
  });

  test('the limit is answered by the server, and the handler is told', async () => {
    const told = gate();
    const { client } = await start(
      {
        getStock: async (_request, ctx) => {
          ctx.signal.addEventListener('abort', told.open);
          await new Promise(() => {});
          return stock;
        },
      },
      { deadlineMsMax: 30 },
    );
    const call = client.getStock({ skuId: 'sku-1' }, inMs(5_000));
    await expect(call).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      reason: 'DEADLINE_EXCEEDED',
    });
    await told.opened;
  });

  test('a caller whose time is up sends nothing', async () => {
    const { client } = await start({ getStock: async () => stock });
    const call = client.getStock({ skuId: 'sku-1' }, inMs(-1));
    await expect(call).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  test('a caller that leaves aborts the signal of the handler', async () => {
    const [entered, told] = [gate(), gate()];
    const { client } = await start({
      getStock: async (_request, ctx) => {
        ctx.signal.addEventListener('abort', told.open);
        entered.open();
        await told.opened;
        return stock;
      },
    });
    const leaving = new AbortController();
    const call = client.getStock({ skuId: 'sku-1' }, { ...inMs(5_000), signal: leaving.signal });
    const failed = expect(call).rejects.toMatchObject({ code: status.CANCELLED });
    await entered.opened;
    leaving.abort();
    await failed;
    await told.opened;
  });
});

describe('overload', () => {
  test('a call too many is refused with a delay, and a free slot is used again', async () => {
    const hold = gate();
    let entered = 0;
    const full = gate();
    const { client } = await start(
      {
        getStock: async () => {
          entered += 1;
          if (entered === 2) full.open();
          await hold.opened;
          return stock;
        },
      },
      { concurrencyMax: 2 },
    );
    const ask = () => client.getStock({ skuId: 'sku-1' }, inMs(2_000));
    const accepted = [ask(), ask()];
    await full.opened;
    await expect(ask()).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: 'OVERLOADED',
      retryDelayMs: 100,
    });
    hold.open();
    await Promise.all(accepted);
    await ask();
    expect(entered).toBe(3);
  });

  test('an exempt method gets through', async () => {
    const options = { concurrencyMax: 0, concurrencyExempt: ['release' as const] };
    const { client } = await start(
      { getStock: async () => stock, release: async () => ({}) },
      options,
    );
    const reservation = { reservationId: 'r', orderId: 'o', skuIds: ['sku-1'] };
    await client.release({ reservation }, inMs(1_000));
    await expect(client.getStock({ skuId: 'sku-1' }, inMs(1_000))).rejects.toMatchObject({
      reason: 'OVERLOADED',
    });
  });
});
