// The demo from beginning to end: fill the shelves, let the crowd in, let them pay, wait until
// nothing moves any more, then ask the books.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  CreateOrderRequestSchema,
  CreateOrderResponseSchema,
} from '../../gen/spillway/order/v1/order_service_pb.js';
import type { AuditTargets } from '../audit/look.js';
import { runAudit } from '../audit/run-audit.js';
import type { MeshStatus } from '../mesh.js';
import { beginCallbackFaults, type CallbackCounts } from './callback-faults.js';
import { connectMesh, type MeshClients } from './clients.js';
import { cpuByGroup, cpuSpent } from './cpu.js';
import { crowd } from './crowd.js';
import type { CpuResult, DemoResult } from './demo-result.js';
import { measureEmptyCall } from './empty-call.js';
import { countFound } from './found-charges.js';
import { prepareSale } from './prepare.js';
import { withProgress } from './progress.js';
import { createRequest, placeOrder, type SaleContext } from './rush.js';
import { atRest, readSaleBooks, type SaleBooks } from './sale-books.js';
import { type DemoSize, planScenario, type Scenario } from './scenario.js';
import { offerAgain } from './second-chance.js';
import { type StockSample, watchStock } from './stock-curve.js';
import { type RushTimes, summarise } from './summary.js';
import { Tally } from './tally.js';
import { settleOrder } from './till.js';
import { withoutStacks } from './without-stacks.js';

export interface DemoOptions extends DemoSize {
  /** Calls in flight at a time. */
  readonly concurrency: number;
}

/** Deadlines are over after 3 s, lost news is sent again after a few more. */
const REST_MS_MAX = 15_000;
const REST_LOOK_MS = 300;

export async function runDemo(
  mesh: MeshStatus,
  targets: AuditTargets,
  o: DemoOptions,
  signal: AbortSignal,
): Promise<{ result: DemoResult; curve: readonly StockSample[] }> {
  // Times make tags unique; a tag shared by two runs would mix their orders.
  const tag = `d${Date.now().toString(36)}`;
  const scenario = planScenario(o, tag);
  const clients = connectMesh(mesh.services);
  const sale: SaleContext = { clients, tally: new Tally(), tag, signal };
  try {
    await prepareSale(clients, scenario, signal);
    const rush = await withoutStacks(() => runRush(sale, scenario, mesh, o.concurrency));
    await offerAgain(sale, scenario.hot.skuId);
    const paid = await payTroubled(mesh, o, async () => {
      const tillMs = await withoutStacks(() => runTill(sale, o.concurrency));
      return { tillMs, books: await untilAtRest(targets, tag, signal) };
    });
    const callbacks = await judgeCallbacks(targets, paid.callbacks);
    const cpu = await compareCpu(sale, scenario, rush, o.concurrency);
    const audit = await runAudit(targets);
    const stocks = await readStocks(clients, scenario);
    const seen = { scenario, tally: sale.tally, rush, ...paid, callbacks, stocks, cpu, audit };
    return { result: summarise(o, seen), curve: rush.curve };
  } finally {
    clients.close();
  }
}

async function runRush(
  sale: SaleContext,
  scenario: Scenario,
  mesh: MeshStatus,
  concurrency: number,
): Promise<RushTimes> {
  const { tally } = sale;
  const watch = watchStock(sale.clients, scenario.hot.skuId);
  const progress = {
    name: 'The rush',
    total: scenario.buyers.length,
    done: () => tally.arrived,
    note: () => {
      const left = watch.latest === undefined ? '' : `, hot units left ${watch.latest}`;
      return `${tally.placed.length} orders, ${tally.soldOut} sold out${left}`;
    },
  };
  const before = cpuByGroup(mesh.processes);
  const startMs = performance.now();
  try {
    await withProgress(progress, () =>
      crowd(scenario.buyers, { concurrency, signal: sale.signal }, (buyer) =>
        placeOrder(sale, buyer),
      ),
    );
    const ms = performance.now() - startMs;
    const cpu = cpuSpent(before, cpuByGroup(mesh.processes));
    return { ms, answers: tally.answers, placed: tally.placed.length, cpu, curve: watch.samples };
  } finally {
    await watch.stop();
  }
}

async function runTill(sale: SaleContext, concurrency: number): Promise<number> {
  let done = 0;
  const { placed, troubles } = sale.tally;
  const startMs = performance.now();
  const note = () => (troubles.size === 0 ? 'paying, cancelling' : [...troubles.keys()].join(', '));
  const progress = { name: 'The till', total: placed.length, done: () => done, note };
  await withProgress(progress, () =>
    crowd(placed, { concurrency, signal: sale.signal }, async (order) => {
      await settleOrder(sale, order);
      done++;
    }),
  );
  return performance.now() - startMs;
}

/** Lets them pay while callbacks are doubled and lost, and counts these. */
async function payTroubled<T>(
  mesh: MeshStatus,
  { seed }: DemoOptions,
  pay: () => Promise<T>,
): Promise<T & { callbacks: CallbackCounts | undefined }> {
  const faults = await beginCallbackFaults(mesh.sandbox[0], seed);
  try {
    const paid = await pay();
    return { ...paid, callbacks: await faults?.counts() };
  } finally {
    await faults?.end();
  }
}

async function judgeCallbacks(
  targets: AuditTargets,
  counts: CallbackCounts | undefined,
): Promise<DemoResult['callbacks']> {
  if (counts === undefined) return undefined;
  const { events, duplicated, lost, lostNumbers } = counts;
  return { events, duplicated, lost, found_by_asking: await countFound(targets, lostNumbers) };
}

/** The last look, at rest or not: the audit says what is missing then. */
async function untilAtRest(
  targets: AuditTargets,
  tag: string,
  signal: AbortSignal,
): Promise<SaleBooks> {
  let books = await readSaleBooks(targets, tag);
  const total = Math.max(1, books.pending);
  const progress = {
    name: 'The rest',
    total,
    done: () => Math.max(0, total - books.pending),
    note: () =>
      `${books.pending} unpaid orders, ${books.refundsWaiting} refunds, ` +
      `${books.effectsWaiting} effects under way`,
  };
  const endMs = performance.now() + REST_MS_MAX;
  return withProgress(progress, async () => {
    while (!atRest(books) && performance.now() < endMs) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, REST_LOOK_MS));
      books = await readSaleBooks(targets, tag);
    }
    return books;
  });
}

/** What a request cost all processes, beside what a call costs that does nothing. */
async function compareCpu(
  sale: SaleContext,
  scenario: Scenario,
  rush: RushTimes,
  concurrency: number,
): Promise<CpuResult | undefined> {
  const [buyer] = scenario.buyers;
  const { sample } = sale.tally;
  if (buyer === undefined || sample === undefined || rush.cpu.length === 0) return undefined;
  const request = create(CreateOrderRequestSchema, createRequest(sale.tag, buyer, 1));
  const empty = await measureEmptyCall({
    requestBytes: toBinary(CreateOrderRequestSchema, request).length,
    responseBytes: toBinary(CreateOrderResponseSchema, sample).length,
    concurrency,
    signal: sale.signal,
  });
  if (empty === undefined) return undefined;
  const spent = rush.cpu.reduce((sum, [, micros]) => sum + micros, 0);
  return {
    micros_per_order: spent / Math.max(1, rush.placed),
    micros_per_request: spent / rush.answers,
    micros_per_empty_call: empty.cpuMicrosPerCall,
    empty_calls_per_request: spent / rush.answers / empty.cpuMicrosPerCall,
    by_process: rush.cpu.map(([name, micros]) => ({
      name,
      micros_per_request: micros / rush.answers,
    })),
  };
}

async function readStocks(clients: MeshClients, scenario: Scenario) {
  const skuIds = [scenario.hot, ...scenario.ordinary].map((sku) => sku.skuId);
  const options = { deadlineMs: Date.now() + 5_000 };
  return (await clients.stock.batchGetStock({ skuIds }, options)).stocks;
}
