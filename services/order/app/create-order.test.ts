// Promise: each step of the saga has three outcomes, and none is guessed: refused is answered, unknown
// is asked again under the same id, done is never undone.
// Method: the saga over the store in memory, with stock and payments that answer from a script.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { requestDigest } from '../../platform/digest.js';
import { IdSource } from '../../platform/ids.js';
import type { PresaleTerms } from '../domain/presale-terms.js';
import type { OrderRequest } from '../domain/request.js';
import { MemoryOrderStore } from '../infra/memory/order-store.js';
import { orderKeys } from '../infra/order-keys.js';
import { CreateOrder, type CreateOrderParts } from './create-order.js';
import { OfferBook } from './offer-book.js';
import type { Payments, ReserveRequest, ReserveResult, Stock } from './ports.js';

type Answer = ReserveResult['outcome'] | Error;

let clock: ManualClock;
let orders: MemoryOrderStore;
let asked: ReserveRequest[];
/** What inventory answers, one after the other; RESERVED when it is empty. */
let answers: Answer[];
let intend: Payments['intend'];
let intents: string[];
let create: CreateOrder;

const limits = {
  budgetMsMin: 10,
  reserveRetry: { attemptsMax: 3, delayMsMin: 1, delayMsMax: 1 },
  commitMsMax: 1_000,
  intentMsMax: 100,
  paymentWindowMs: 900_000,
};

beforeEach(() => {
  clock = new ManualClock();
  orders = new MemoryOrderStore(clock);
  asked = [];
  answers = [];
  intents = [];
  intend = async () => 'CREATED';
  create = withParts({});
});

function withParts(changes: Partial<CreateOrderParts>): CreateOrder {
  const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  const keys = orderKeys(new IdSource({ clock, lease }));
  const stock = { reserve } as unknown as Stock;
  const payments = { intend: (...a: Parameters<typeof intend>) => intend(...a) } as Payments;
  const intended: CreateOrderParts['intended'] = (placed) => intents.push(placed.requestId);
  const parts = { orders, offers: bookOf('tea'), stock, payments, keys, clock, limits, intended };
  return new CreateOrder({ ...parts, ...changes });
}

async function reserve(request: ReserveRequest): Promise<ReserveResult> {
  asked.push(request);
  const outcome = answers.shift() ?? 'RESERVED';
  if (outcome instanceof Error) throw outcome;
  return { outcome, skuId: 'tea', available: 0n, orderId: asked[0]?.orderId ?? 0n };
}

function bookOf(skuId: string, presale?: PresaleTerms): OfferBook {
  const window = { opensMs: undefined, closesMs: undefined };
  const terms = { currency: 'EUR', unitPriceMinor: 450n, userLimit: 2, ...window, version: 1 };
  const offer = { skuId, title: 'Tea', attributes: {}, snapshotHash: 'of-tea', presale, ...terms };
  const bounds = { entriesMax: 9, batchMax: 9, queueMax: 99, concurrency: 1 };
  return new OfferBook({
    store: {
      read: async (skuIds) => skuIds.map((each) => (each === skuId ? offer : undefined)),
      put: () => Promise.reject(new Error('not here')),
    },
    clock,
    limits: { ageMsMax: 1_000, ...bounds },
  });
}

const order: OrderRequest = {
  userId: 'ada',
  requestId: 'r1',
  type: 'PHYSICAL',
  details: undefined,
  lines: [{ skuId: 'tea', quantity: 2 }],
  paymentWindowSeconds: 0,
};

async function run(changes: Partial<OrderRequest> = {}, budgetMs = 1_000) {
  const running = create.run({ ...order, ...changes }, clock.nowMs() + budgetMs);
  running.catch(() => {});
  for (let i = 0; i < 5; i++) await clock.advance(1);
  return running;
}

describe('reserve', () => {
  test.each<[string, Answer[], string, number]>([
    // what, inventory's answers, outcome, how often it was asked
    ['held', [], 'PLACED', 1],
    ['held for an earlier copy', ['DUPLICATE'], 'PLACED', 1],
    ['unknown, then held', ['UNKNOWN', 'RESERVED'], 'PLACED', 2],
    ['unknown, then found to be held', ['UNKNOWN', 'UNKNOWN', 'DUPLICATE'], 'PLACED', 3],
    ['unknown, then sold out', ['UNKNOWN', 'SOLD_OUT'], 'SOLD_OUT', 2],
    ['never known', Array(9).fill('UNKNOWN'), 'DEPENDENCY_UNAVAILABLE', 4],
    ['sold out', ['SOLD_OUT'], 'SOLD_OUT', 1],
    ['limit', ['USER_LIMIT'], 'USER_LIMIT', 1],
    ['no stock record', ['SKU_UNKNOWN'], 'SKU_UNKNOWN', 1],
    ['given up', ['CLOSED'], 'REQUEST_CLOSED', 1],
    ['other body', ['REQUEST_ID_REUSED'], 'REQUEST_ID_REUSED', 1],
    ['too much to do', ['OVERLOADED'], 'OVERLOADED', 1],
  ])('%s', async (_, script, outcome, times) => {
    answers = script;
    expect((await run()).outcome).toBe(outcome);
    expect(asked).toHaveLength(times);
    expect(new Set(asked.map((each) => `${each.reservationId} ${each.orderId}`)).size).toBe(1);
    const stored = await orders.findByRequest(order.userId, order.requestId);
    expect(stored !== undefined).toBe(outcome === 'PLACED');
  });

  test('asks for what the offer allows', async () => {
    await run();
    expect(asked[0]?.lines).toEqual([{ skuId: 'tea', quantity: 2, userLimit: 2 }]);
  });

  test('a type without stock does not ask', async () => {
    expect((await run({ type: 'VIRTUAL' })).outcome).toBe('PLACED');
    expect(asked).toHaveLength(0);
  });

  test('nothing is asked when the time does not suffice', async () => {
    expect((await run({}, 9)).outcome).toBe('DEADLINE_TOO_SHORT');
    expect(asked).toHaveLength(0);
  });
});

describe('a SKU that is known to be sold out', () => {
  const soldOut = {
    refuses: (id: string) => (id === winner ? undefined : 'tea'),
    ask: async (request: ReserveRequest, send: () => Promise<ReserveResult>) => {
      learned.push(request.reservationId);
      return send();
    },
  };
  let winner: string;
  let learned: string[];

  beforeEach(() => {
    winner = '';
    learned = [];
    create = withParts({ soldOut });
  });

  test('a loser is refused without asking inventory', async () => {
    expect(await run()).toEqual({ outcome: 'SOLD_OUT', skuId: 'tea', available: 0n });
    expect([asked, learned]).toEqual([[], []]);
  });

  test('a winner is asked about, and every answer is learned', async () => {
    winner = requestDigest(order.userId, order.requestId);
    answers = ['UNKNOWN', 'DUPLICATE'];
    expect((await run()).outcome).toBe('PLACED');
    expect(learned).toEqual([winner, winner]);
  });

  test.each<[string, Partial<OrderRequest>, string]>([
    ['a type without stock', { type: 'VIRTUAL' }, 'PLACED'],
    ['an unknown offer', { lines: [{ skuId: 'gone', quantity: 1 }] }, 'OFFER_UNKNOWN'],
  ])('%s hears what it would hear anyway', async (_, changes, outcome) => {
    expect((await run(changes)).outcome).toBe(outcome);
  });
});

describe('types and their details', () => {
  const stay = { kind: 'BOOKING', checkIn: '2026-06-02', checkOut: '2026-06-04' } as const;
  // The 2nd ends in the last place on earth at noon UTC of the 3rd. The clock starts on the 1st.
  const overMs = Date.UTC(2026, 5, 3, 12);

  test.each<[string, Partial<OrderRequest>, string, number]>([
    // what, request, outcome, how often inventory was asked
    ['a booking takes stock', { type: 'BOOKING', details: stay }, 'PLACED', 1],
    ['a booking needs its dates', { type: 'BOOKING' }, 'DETAILS_INVALID', 0],
    ['goods have no dates', { details: stay }, 'DETAILS_INVALID', 0],
    [
      'a top-up takes none',
      { type: 'TOP_UP', details: { kind: 'TOP_UP', account: '7' } },
      'PLACED',
      0,
    ],
  ])('%s', async (_, changes, outcome, times) => {
    const result = await run(changes);
    expect([result.outcome, asked.length]).toEqual([outcome, times]);
    if ('order' in result) expect(result.order.details).toEqual(changes.details);
  });

  test('a booking is paid before its check-in is over; then only its retry is answered', async () => {
    const booking: Partial<OrderRequest> = { type: 'BOOKING', details: stay };
    await clock.advance(overMs - clock.nowMs() - 60_000);
    const first = await run(booking);
    expect('order' in first && first.order.paymentDeadlineMs).toBeLessThanOrEqual(overMs + 5);
    await clock.advance(120_000);
    expect((await run({ ...booking, requestId: 'r2' })).outcome).toBe('BOOKING_OVER');
    expect(await run(booking)).toMatchObject({ outcome: 'PLACED', duplicate: true });
  });
});

describe('idempotency outranks refusals', () => {
  test.each<[string, Partial<OrderRequest>, Answer[]]>([
    ['its reservation is closed', {}, ['CLOSED']],
    ['its offer is gone', { lines: [{ skuId: 'gone', quantity: 1 }] }, []],
  ])('when %s', async (_, changes, script) => {
    if (changes.lines) create = withOffers(bookOf('gone'));
    const first = await run(changes);
    if (changes.lines) create = withOffers(bookOf('tea'));
    answers = script;
    const again = await run(changes);
    expect(again).toMatchObject({ outcome: 'PLACED', duplicate: true });
    expect('order' in again && again.order.orderId).toBe('order' in first && first.order.orderId);
    answers = script;
    const other = await run({ ...changes, paymentWindowSeconds: 5 });
    expect(other.outcome).toBe('REQUEST_ID_REUSED');
  });

  function withOffers(offers: OfferBook): CreateOrder {
    const lease = () => ({ workerId: 2, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
    const keys = orderKeys(new IdSource({ clock, lease }));
    const stock = { reserve } as unknown as Stock;
    const payments = { intend: async () => 'CREATED' } as unknown as Payments;
    return new CreateOrder({
      orders,
      offers,
      stock,
      payments,
      keys,
      clock,
      limits,
      intended: () => {},
    });
  }
});

describe('the payment intent', () => {
  test.each<[string, Payments['intend'], string[]]>([
    ['taken', async () => 'CREATED', []],
    ['not known', async () => 'UNKNOWN', ['order.created']],
    ['of another amount', async () => 'REUSED', ['order.created']],
    ['failing', () => Promise.reject(new Error('bug')), ['order.created']],
  ])('%s before the commit: what is left to deliver', async (_, script, effects) => {
    intend = script;
    expect((await run()).outcome).toBe('PLACED');
    expect(orders.effects.map(({ kind }) => kind)).toEqual(effects);
  });

  test('of an order without units is stored beside it, and taken after the commit', async () => {
    const known: boolean[] = [];
    intend = async () => {
      known.push(orders.effects.length === 1);
      return 'CREATED';
    };
    expect((await run({ type: 'VIRTUAL' })).outcome).toBe('PLACED');
    expect([known, intents]).toEqual([[true], ['r1']]);
  });

  test('the intent is waited for, but not for long', async () => {
    let untilMs = 0;
    intend = async (_, deadlineMs) => {
      untilMs = deadlineMs - clock.nowMs();
      return 'UNKNOWN';
    };
    await run({}, 20_000);
    expect(untilMs).toBe(limits.intentMsMax);
  });

  test('a second copy is told the order, and asks for its intent again', async () => {
    intend = async () => 'UNKNOWN';
    const first = await run();
    intend = async () => 'CREATED';
    answers = ['DUPLICATE'];
    const second = await run();
    expect(second).toEqual({ ...first, duplicate: true });
    expect(intents).toEqual(['r1']);
  });
});
