// What happens when somebody does not answer: the provider before or after it has acted, the order
// service, or the process between two steps. Every story ends with one charge and the truth in the store.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../platform/clock.js';
import { MemoryPaymentStore } from '../infra/memory/payment-store.js';
import { cancelMany, cancelOne } from './cancel-payment.js';
import type {
  Charge,
  ChargeAnswer,
  ChargeOrder,
  FindAnswer,
  PaymentPorts,
  PaymentRecordOutcome,
  Provider,
  RefundAnswer,
  RefundOrder,
} from './ports.js';
import { refundPayment } from './refund-payment.js';
import { newsHandlers } from './relay-news.js';
import { resolvePayments } from './resolve-payments.js';
import { startPayment } from './start-payment.js';
import { takeEvent } from './take-event.js';

const PAYMENT = { orderId: 7n, part: 'FIRST' } as const;
const LOOK_MS = 1_000;
const silence = { outcome: 'UNKNOWN', reason: 'silence' } as const;

/** Takes one charge per key. Its answers can be lost on the way there or on the way back. */
class ScriptedProvider implements Provider {
  readonly name = 'sandbox';
  mood: 'WELL' | 'DEAF' | 'MUTE' | 'REFUSING' = 'WELL';
  down = false;
  /** Whether a charge waits for its buyer. */
  waits = false;
  readonly charges = new Map<string, Charge>();
  readonly refunds = new Set<string>();

  up = () => !this.down;

  async charge({ key, currency, amountMinor }: ChargeOrder): Promise<ChargeAnswer> {
    if (this.mood === 'DEAF') return silence;
    if (this.mood === 'REFUSING') return { outcome: 'REFUSED', reason: 'no' };
    const number = `ch_${key}`;
    const state = this.waits ? 'INITIALISED' : 'PROCESSING';
    const fresh: Charge = { number, state, redirectUrl: '', currency, amountMinor };
    const charge = this.charges.get(key) ?? fresh;
    this.charges.set(key, charge);
    return this.mood === 'MUTE' ? silence : { outcome: 'ACCEPTED', charge };
  }

  async find(key: string): Promise<FindAnswer> {
    if (this.mood !== 'WELL') return silence;
    const charge = this.charges.get(key);
    return charge ? { outcome: 'FOUND', charge } : { outcome: 'NOT_FOUND' };
  }

  async refund({ key }: RefundOrder): Promise<RefundAnswer> {
    if (this.mood === 'DEAF') return silence;
    if (this.mood === 'REFUSING') return { outcome: 'REFUSED', reason: 'no' };
    this.refunds.add(key);
    return this.mood === 'MUTE' ? silence : { outcome: 'SUCCEEDED', number: `re_${key}` };
  }

  readEvent = () => ({ outcome: 'FORGED', reason: 'not in this test' }) as const;

  settle(key: string, state: Charge['state']): void {
    const charge = this.charges.get(key);
    if (charge) this.charges.set(key, { ...charge, state });
  }
}

let clock: ManualClock;
let store: MemoryPaymentStore;
let provider: ScriptedProvider;
let orderAnswer: PaymentRecordOutcome;
let ports: PaymentPorts;

beforeEach(async () => {
  clock = new ManualClock(1_000_000);
  store = new MemoryPaymentStore({ nowMs: () => clock.nowMs() });
  provider = new ScriptedProvider();
  orderAnswer = 'RECORDED';
  ports = {
    store,
    providers: {
      get: (name) => (name === provider.name ? provider : undefined),
      forMethod: () => provider,
    },
    orders: { recordPayments: async (records) => records.map(() => orderAnswer) },
    clock,
    log: pino({ level: 'silent' }),
    settings: {
      lookAfterMs: LOOK_MS,
      lookEveryMsMax: 60_000,
      lateLookMsMax: 3_600_000,
      stepMsMax: 1_000,
      providerRetryMs: 1_000,
    },
  };
  const intent = { ...PAYMENT, userId: 'ann', currency: 'EUR', amountMinor: 500n };
  const times = { opensMs: undefined, deadlineMs: clock.nowMs() + 900_000 };
  await store.create([{ ...intent, ...times }]);
});

const deadlineMs = Number.MAX_SAFE_INTEGER;
const begin = (requestId: string) =>
  startPayment(ports, { payment: PAYMENT, requestId, method: 'card', deadlineMs });
const state = () => store.file(PAYMENT)?.payment.state;
const look = async () => {
  await clock.advance(LOOK_MS);
  return resolvePayments(ports, store);
};
/** Delivers all news that is waiting; answers what was said about each. */
const deliver = async () => {
  const said = [];
  for (const news of store.news.splice(0)) {
    said.push(news.kind, ...(await newsHandlers(ports)[news.kind]([news])));
  }
  return said;
};

describe('the provider does not answer a charge', () => {
  test.each(['DEAF', 'MUTE'] as const)('%s: the buyer tries again', async (mood) => {
    provider.mood = mood;
    expect(await begin('a')).toEqual({ outcome: 'PROVIDER_SILENT' });
    expect(state()).toBe('PENDING');
    expect((await begin('b')).outcome).toBe('PAYMENT_IN_PROGRESS');
    expect((await cancelOne(ports, PAYMENT, deadlineMs)).outcome).toBe('IN_PROGRESS');
    provider.mood = 'WELL';
    expect(await begin('a')).toMatchObject({
      outcome: 'STARTED',
      payment: { state: 'PROCESSING' },
    });
    expect([...provider.charges.keys()]).toEqual(['p-7-1']);
  });

  test.each(['DEAF', 'MUTE'] as const)('%s: nobody tries again', async (mood) => {
    provider.mood = mood;
    await begin('a');
    await look();
    expect(state()).toBe('PENDING');
    provider.mood = 'WELL';
    await look();
    expect(state()).toBe('PROCESSING');
    provider.settle('p-7-1', 'SUCCEEDED');
    await look();
    await look();
    expect(state()).toBe('SUCCEEDED');
    expect([...provider.charges.keys()]).toEqual(['p-7-1']);
    expect(await deliver()).toEqual(['payment.captured', 'DONE']);
  });

  test('it is known to be down: nothing is recorded and the order stays free', async () => {
    provider.down = true;
    expect(await begin('a')).toEqual({ outcome: 'PROVIDER_DOWN' });
    expect(store.file(PAYMENT)?.attempts).toEqual([]);
    expect(await cancelMany(ports, ['p-7'], deadlineMs)).toEqual(['CANCELLED']);
  });

  test('it refuses for good: the order can be paid otherwise', async () => {
    provider.mood = 'REFUSING';
    expect(await begin('a')).toMatchObject({ outcome: 'STARTED', payment: { state: 'FAILED' } });
    provider.mood = 'WELL';
    expect((await begin('b')).outcome).toBe('STARTED');
    expect([...provider.charges.keys()]).toEqual(['p-7-2']);
  });
});

test('it is asked less and less often, and never about what has ended', async () => {
  await begin('a');
  const asked: number[] = [];
  const find = provider.find.bind(provider);
  provider.find = (key) => {
    asked.push(clock.nowMs() - 1_000_000);
    return find(key);
  };
  for (let i = 0; i < 130; i++) await look();
  expect(asked).toEqual([1, 2, 4, 8, 16, 32, 64, 124].map((n) => n * LOOK_MS));
  provider.settle('p-7-1', 'FAILED');
  for (let i = 0; i < 60; i++) await look();
  expect(state()).toBe('FAILED');
  expect(asked).toHaveLength(9);
});

describe('the buyer comes back too late', () => {
  const giveUp = async () => {
    provider.waits = true;
    await begin('a');
    await clock.advance(900_000);
    await look();
    expect(state()).toBe('TIMED_OUT');
  };

  test('and the callback is lost: the money is found by asking, and goes back', async () => {
    await giveUp();
    expect(await cancelMany(ports, ['p-7'], deadlineMs)).toEqual(['CANCELLED']);
    provider.settle('p-7-1', 'SUCCEEDED');
    await look();
    await look();
    const { capturedMinor, refundedMinor } = store.file(PAYMENT)?.payment ?? {};
    expect([state(), capturedMinor, refundedMinor]).toEqual(['CANCELLED', 500n, 500n]);
    expect(await deliver()).toEqual(['refund.requested', 'DONE']);
  });

  test('never: the provider is asked ever more rarely, and then no more', async () => {
    await giveUp();
    const asked: number[] = [];
    provider.find = async () => {
      asked.push(clock.nowMs());
      return silence;
    };
    for (let i = 0; i < 5_000; i++) await look();
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.length).toBeLessThan(20);
    expect(store.file(PAYMENT)?.payment.dueMs).toBeUndefined();
    expect(state()).toBe('TIMED_OUT');
  });
});

test('a charge that the provider took and then forgot is not made again', async () => {
  await begin('a');
  provider.charges.clear();
  await look();
  expect([state(), provider.charges.size]).toEqual(['PROCESSING', 0]);
});

describe('news', () => {
  async function paid(): Promise<void> {
    await begin('a');
    provider.settle('p-7-1', 'SUCCEEDED');
    await look();
  }

  test.each<[PaymentRecordOutcome, unknown]>([
    ['RECORDED', 'DONE'],
    ['UNKNOWN', 'RETRY'],
    ['MISMATCH', { park: expect.any(String) }],
    ['REFUND', 'DONE'],
  ])('a capture that the order answers with %s is %o', async (answer, delivery) => {
    await paid();
    orderAnswer = answer;
    expect(await deliver()).toEqual(['payment.captured', delivery]);
    const refunded = answer === 'REFUND' ? 500n : 0n;
    expect(store.file(PAYMENT)?.payment.refundedMinor).toBe(refunded);
  });

  test('telling the same capture twice refunds it once', async () => {
    await paid();
    orderAnswer = 'REFUND';
    store.news.push(...store.news);
    await deliver();
    expect(store.news.map((news) => news.kind)).toEqual(['refund.requested']);
  });

  test.each([
    ['WELL', 'DONE', 'SUCCEEDED', 1, ['payment.refunded']],
    ['DEAF', 'RETRY', 'PENDING', 0, []],
    ['MUTE', 'RETRY', 'PENDING', 1, []],
    ['REFUSING', { park: 'provider refuses the refund: no' }, 'PARKED', 0, []],
  ] as const)('a refund, the provider being %s', async (mood, delivery, refund, made, after) => {
    await paid();
    await deliver();
    const command = { requestId: 'r', currency: 'EUR', amountMinor: 500n, reason: '' };
    await refundPayment(ports, PAYMENT, command, deadlineMs);
    const [asked] = store.news;
    provider.mood = mood;
    expect(await deliver()).toEqual(['refund.requested', delivery]);
    expect(store.file(PAYMENT)?.refunds[0]?.state).toBe(refund);
    expect(provider.refunds.size).toBe(made);
    expect(store.news.map((news) => news.kind)).toEqual(after);
    // Asked again once it is well: under the same key, so it is paid back once.
    provider.mood = 'WELL';
    if (asked) store.news.splice(0, store.news.length, asked);
    expect(await deliver()).toEqual(['refund.requested', 'DONE']);
    expect(store.file(PAYMENT)?.refunds).toMatchObject([{ state: 'SUCCEEDED' }]);
    expect(provider.refunds.size).toBe(1);
  });
});

test('an event of a provider that nobody has is forged', async () => {
  const raw = { provider: 'stranger', signature: '', body: new Uint8Array(), deadlineMs };
  expect((await takeEvent(ports, raw)).outcome).toBe('EVENT_FORGED');
});
