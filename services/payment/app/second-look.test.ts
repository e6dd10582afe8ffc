// What is said twice and differently, and what was given up: the provider is asked, and only its answer
// counts. Events here are truly signed; whether they are true is another question.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../platform/clock.js';
import type { ChargeState } from '../domain/charge.js';
import { MemoryPaymentStore } from '../infra/memory/payment-store.js';
import { lookAgain } from './look-again.js';
import type { Charge, FindAnswer, PaymentPorts, Provider, RefundAnswer } from './ports.js';
import { refundPayment } from './refund-payment.js';
import { newsHandlers } from './relay-news.js';
import { startPayment } from './start-payment.js';
import { takeEvent } from './take-event.js';

const PAYMENT = { orderId: 7n, part: 'FIRST' } as const;
const MONEY = { currency: 'EUR', amountMinor: 500n };
const UNKNOWN = { outcome: 'UNKNOWN', reason: 'silence' } as const;
const deadlineMs = Number.MAX_SAFE_INTEGER;

/** What it says when it is asked is up to the test; charges it takes all. */
const said: { find: FindAnswer; refund: RefundAnswer; questions: string[] } = {
  find: UNKNOWN,
  refund: UNKNOWN,
  questions: [],
};
const chargeIn = (state: ChargeState, number = 'ch_1'): Charge => {
  return { ...MONEY, number, state, redirectUrl: '' };
};
const found = (state: ChargeState): FindAnswer => ({ outcome: 'FOUND', charge: chargeIn(state) });

const provider: Provider = {
  name: 'sandbox',
  up: () => true,
  charge: async ({ key }) => ({
    outcome: 'ACCEPTED',
    charge: chargeIn('PROCESSING', `ch_${key.slice(-1)}`),
  }),
  find: async (key, number) => {
    said.questions.push(`${key} ${number}`);
    return said.find;
  },
  refund: async () => said.refund,
  readEvent: (eventId, body) => {
    const kind = new TextDecoder().decode(body) as 'charge.succeeded' | 'charge.failed';
    const about = { number: 'ch_1', reference: 'p-7', key: 'p-7-1', ...MONEY };
    return { outcome: 'EVENT', event: { eventId, kind, ...about } };
  },
};

let store: MemoryPaymentStore;
let ports: PaymentPorts;
let alarms: string[];

beforeEach(async () => {
  Object.assign(said, { find: UNKNOWN, refund: UNKNOWN, questions: [] });
  alarms = [];
  const clock = new ManualClock(1_000_000);
  store = new MemoryPaymentStore({ nowMs: () => clock.nowMs() });
  const write = (line: string) => {
    const { alarm } = JSON.parse(line) as { alarm?: string };
    if (alarm !== undefined) alarms.push(alarm);
  };
  ports = {
    store,
    providers: {
      get: (name) => (name === provider.name ? provider : undefined),
      forMethod: () => provider,
    },
    orders: { recordPayments: async (records) => records.map(() => 'RECORDED') },
    clock,
    log: pino({ level: 'error' }, { write }),
    settings: {
      lookAfterMs: 1_000,
      lookEveryMsMax: 60_000,
      lateLookMsMax: 3_600_000,
      stepMsMax: 1_000,
      providerRetryMs: 1_000,
    },
  };
  const intent = { ...PAYMENT, ...MONEY, userId: 'ann', opensMs: undefined };
  await store.create([{ ...intent, deadlineMs: clock.nowMs() + 900_000 }]);
  await begin('a');
});

const begin = (requestId: string) =>
  startPayment(ports, { payment: PAYMENT, requestId, method: 'card', deadlineMs });
const hear = async (kind: string, eventId = `evt_${kind}`) => {
  const body = new TextEncoder().encode(kind);
  return takeEvent(ports, { provider: 'sandbox', signature: eventId, body, deadlineMs });
};
const state = () => store.file(PAYMENT)?.payment.state;

describe('a success of a charge that had failed', () => {
  beforeEach(async () => {
    await hear('charge.failed');
  });

  test.each<[string, FindAnswer, string, string, string[]]>([
    ['confirms it', found('SUCCEEDED'), 'TAKEN', 'SUCCEEDED', []],
    ['says that it failed', found('FAILED'), 'EVENT_FORGED', 'FAILED', ['PAYMENT_MISMATCH']],
    [
      'knows no such charge',
      { outcome: 'NOT_FOUND' },
      'EVENT_FORGED',
      'FAILED',
      ['PAYMENT_MISMATCH'],
    ],
    ['is not sure yet', found('PROCESSING'), 'PROVIDER_SILENT', 'FAILED', []],
    ['does not answer', UNKNOWN, 'PROVIDER_SILENT', 'FAILED', []],
  ])('the provider %s', async (_name, find, outcome, after, raised) => {
    said.find = find;
    expect((await hear('charge.succeeded')).outcome).toBe(outcome);
    expect([state(), alarms]).toEqual([after, raised]);
    expect(said.questions).toEqual(['p-7-1 ch_1']);
  });

  test('its copy asks no more questions', async () => {
    said.find = found('SUCCEEDED');
    await hear('charge.succeeded');
    expect(await hear('charge.succeeded')).toEqual({ outcome: 'TAKEN', duplicate: true });
    expect(said.questions).toHaveLength(1);
  });
});

describe('a failure of a charge that had succeeded', () => {
  beforeEach(async () => {
    await hear('charge.succeeded');
  });

  test.each<[string, FindAnswer, string, string[]]>([
    ['says that it succeeded', found('SUCCEEDED'), 'TAKEN', []],
    ['confirms it', found('FAILED'), 'TAKEN', ['PAYMENT_MISMATCH']],
    ['does not answer', UNKNOWN, 'PROVIDER_SILENT', []],
  ])('the provider %s: money stays in the books', async (_name, find, outcome, raised) => {
    said.find = find;
    expect((await hear('charge.failed')).outcome).toBe(outcome);
    expect([state(), alarms]).toEqual(['SUCCEEDED', raised]);
  });
});

describe('looked at again', () => {
  const look = () => lookAgain(ports, PAYMENT, deadlineMs);

  test('a charge that had failed has succeeded', async () => {
    await hear('charge.failed');
    said.find = found('SUCCEEDED');
    expect(await look()).toMatchObject({ outcome: 'LOOKED', answered: true });
    expect(state()).toBe('SUCCEEDED');
    said.questions = [];
    expect(await look()).toMatchObject({ answered: true });
    expect(said.questions).toEqual([]);
  });

  test('also when an earlier question was answered otherwise', async () => {
    said.find = found('FAILED');
    await look();
    expect(state()).toBe('FAILED');
    said.find = found('SUCCEEDED');
    await look();
    expect(state()).toBe('SUCCEEDED');
  });

  test('nobody answers: nothing changes, and that is said', async () => {
    expect(await look()).toMatchObject({ outcome: 'LOOKED', answered: false });
    expect(state()).toBe('PROCESSING');
  });

  test('a refund that was refused is asked for again', async () => {
    await hear('charge.succeeded');
    const command = { ...MONEY, requestId: 'r', reason: '' };
    await refundPayment(ports, PAYMENT, command, deadlineMs);
    said.refund = { outcome: 'REFUSED', reason: 'no' };
    for (const news of store.news.splice(0)) await newsHandlers(ports)[news.kind]([news]);
    expect(store.file(PAYMENT)?.refunds).toMatchObject([{ state: 'PARKED' }]);
    said.refund = { outcome: 'SUCCEEDED', number: 're_1' };
    await look();
    expect(store.file(PAYMENT)?.refunds).toMatchObject([{ state: 'SUCCEEDED' }]);
  });

  test('a payment that nobody has', async () => {
    const nobody = { orderId: 8n, part: 'FIRST' } as const;
    expect(await lookAgain(ports, nobody, deadlineMs)).toEqual({ outcome: 'PAYMENT_UNKNOWN' });
  });
});
