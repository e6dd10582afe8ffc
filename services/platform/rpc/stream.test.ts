// Promise: a stream sends no faster than its caller reads, and its handler hears of every end: the
// caller leaves, the deadline passes, the server stops.

import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { gate, inMs, type Loopback, startLoopback } from './loopback.fixture.js';
import type { CallContext } from './server.js';

type WatchStock = (ctx: CallContext) => AsyncIterable<{ stock: { version: bigint } }>;

let loopback: Loopback<typeof InventoryService> | undefined;

async function start(watch: WatchStock, o?: { concurrencyMax: number }) {
  loopback = await startLoopback(
    InventoryService,
    { watchStock: (_request, ctx) => watch(ctx) },
    o,
  );
  const { client } = loopback;
  return {
    ...loopback,
    watchStock: (o: { deadlineMs: number; signal?: AbortSignal }) =>
      client.watchStock({ skuIds: ['sku-1'] }, o),
  };
}

afterEach(() => loopback?.close());

const level = (version: number) => ({ stock: { version: BigInt(version) } });
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });

test('everything arrives, in order, and the end is an end', async () => {
  const { watchStock } = await start(async function* () {
    for (let version = 1; version <= 500; version += 1) yield level(version);
  });
  const seen: number[] = [];
  for await (const { stock } of watchStock(inMs(5_000))) seen.push(Number(stock?.version));
  expect(seen).toEqual(Array.from({ length: 500 }, (_, at) => at + 1));
});

test('a bug in the middle comes after what was sent before it, masked', async () => {
  const { watchStock, logged } = await start(async function* () {
    yield level(1);
    throw new TypeError('row 17 is null');
  });
  const seen: unknown[] = [];
  const watching = (async () => {
    for await (const answer of watchStock(inMs(5_000))) seen.push(answer);
  })();
  await expect(watching).rejects.toMatchObject({
    code: status.INTERNAL,
    message: 'internal error',
  });
  expect(seen).toHaveLength(1);
  expect(logged).toHaveLength(1);
});

test('a broken rule is refused before the handler', async () => {
  const { client } = await start(async function* () {});
  const watching = client.watchStock({ skuIds: [] }, inMs(1_000))[Symbol.asyncIterator]().next();
  await expect(watching).rejects.toMatchObject({ fields: [{ field: 'sku_ids' }] });
});

describe('the handler hears that', () => {
  async function startEndless(o?: { concurrencyMax: number }) {
    const [heard, cleaned] = [gate(), gate()];
    const started = await start(async function* ({ signal }) {
      try {
        yield level(1);
        await aborted(signal);
        heard.open();
      } finally {
        cleaned.open();
      }
    }, o);
    const ended = Promise.all([heard.opened, cleaned.opened]);
    return { ...started, ended };
  }

  test('the caller breaks out', async () => {
    const { watchStock, ended } = await startEndless();
    for await (const _ of watchStock(inMs(5_000))) break;
    await ended;
  });

  test('the caller aborts', async () => {
    const { watchStock, ended } = await startEndless();
    const leaving = new AbortController();
    const watching = (async () => {
      for await (const _ of watchStock({ ...inMs(5_000), signal: leaving.signal })) leaving.abort();
    })();
    await expect(watching).rejects.toMatchObject({ code: status.CANCELLED });
    await ended;
  });

  test('the deadline passes', async () => {
    const { watchStock, ended } = await startEndless();
    const watching = (async () => {
      for await (const _ of watchStock(inMs(100)));
    })();
    await expect(watching).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await ended;
  });

  test('the server stops, which is quick', async () => {
    const { watchStock, server, ended } = await startEndless();
    const watching = (async () => {
      for await (const _ of watchStock(inMs(5_000))) void server.stop(10_000);
    })();
    await expect(watching).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      reason: 'DEPENDENCY_UNAVAILABLE',
    });
    await ended;
  });

  test('an ended stream gives its slot to the next', async () => {
    const { watchStock, ended } = await startEndless({ concurrencyMax: 1 });
    const first = watchStock(inMs(5_000))[Symbol.asyncIterator]();
    await first.next();
    await expect(watchStock(inMs(5_000))[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'OVERLOADED',
    });
    await first.return?.();
    await ended;
    await new Promise(setImmediate);
    for await (const _ of watchStock(inMs(5_000))) break;
  });
});

test('a handler that only ever yields is told to return', async () => {
  const cleaned = gate();
  const { watchStock } = await start(async function* () {
    try {
      for (let version = 1; ; version += 1) {
        yield level(version);
        await new Promise(setImmediate);
      }
    } finally {
      cleaned.open();
    }
  });
  for await (const _ of watchStock(inMs(5_000))) break;
  await cleaned.opened;
});

test('a handler that ignores its signal does not hold up the stop', async () => {
  const { watchStock, server, logged } = await start(async function* () {
    yield level(1);
    await new Promise(() => {});
  });
  const watching = (async () => {
    for await (const _ of watchStock(inMs(5_000))) await server.stop(3_000);
  })();
  await expect(watching).rejects.toMatchObject({ code: status.UNAVAILABLE });
  expect(logged).toEqual([]);
});

test('a caller that does not read is not buffered for', async () => {
  let produced = 0;
  const { watchStock } = await start(async function* () {
    for (; produced < 20_000; produced += 1) {
      yield { stock: { version: 1n, skuId: 'x'.repeat(1_000) } };
    }
  });
  const reader = watchStock(inMs(5_000))[Symbol.asyncIterator]();
  await reader.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  // 20 MB are on offer; the windows and buffers of both sides take about a megabyte.
  expect(produced).toBeLessThan(10_000);
  await reader.return?.();
});
