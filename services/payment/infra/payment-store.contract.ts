// What every payment store keeps, told as a story that runs on memory and on real MySQL alike.

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DuePayments, PaymentStore } from '../app/ports.js';
import { cancelOrBar } from '../domain/cancel.js';
import { applyCharge } from '../domain/charge.js';
import type { NewPayment } from '../domain/create.js';
import type { PaymentFile } from '../domain/payment-file.js';
import { refundRest } from '../domain/refund.js';
import { startAttempt } from '../domain/start.js';

export interface StoreUnderTest {
  readonly store: PaymentStore;
  /** Everything that can be claimed, wherever it lies. */
  readonly due: readonly DuePayments[];
  nextOrderId(): bigint;
}

const START = { method: 'card', provider: 'sandbox', providerUp: true };
const MONEY = { currency: 'EUR', amountMinor: 500n };
const refundIdOf = (requestId: string) => `r-${requestId}`;

export function paymentStoreContract(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: PaymentStore;
  beforeAll(async () => {
    under = await open();
    store = under.store;
  });
  const soon = () => Date.now() + 5_000;

  function wanted(more: Partial<NewPayment> = {}): NewPayment {
    const orderId = more.orderId ?? under.nextOrderId();
    return { orderId, userId: 'ann', ...MONEY, deadlineMs: Date.now() + 60_000, ...more };
  }

  async function created(): Promise<bigint> {
    const item = wanted();
    await store.create([item], soon());
    return item.orderId;
  }

  function fileOf(orderId: bigint): Promise<PaymentFile | undefined> {
    return store.update({ orderId, deadlineMs: soon() }, (file) => ({ result: file }));
  }

  function start(orderId: bigint, requestId: string, lookAfterMs = 60_000) {
    return store.update({ orderId, deadlineMs: soon() }, (file, { nowMs }) =>
      startAttempt(file, { ...START, requestId, lookAfterMs }, nowMs),
    );
  }

  function succeed(orderId: bigint, eventId: string) {
    const target = { orderId, deadlineMs: soon(), eventId };
    return store.update(target, (file, { nowMs, eventSeen }) => {
      if (eventSeen) return { result: 'DUPLICATE' };
      const news = { attemptNo: 1, providerNumber: 'ch_1', money: MONEY, cause: eventId };
      const rules = { nowMs, lookAfterMs: 60_000, refundIdOf };
      const { result, change } = applyCharge(file, { ...news, state: 'SUCCEEDED' }, rules);
      const event = { eventId, kind: 'charge.succeeded' };
      return { result: result.outcome, change: { cause: eventId, ...change, event } };
    });
  }

  describe('create', () => {
    test('creates once, and tells a different second one', async () => {
      const item = wanted();
      const other = wanted({ orderId: item.orderId, amountMinor: 501n });
      expect(await store.create([item], soon())).toEqual(['CREATED']);
      expect(await store.create([item, other, wanted()], soon())).toEqual([
        'CREATED',
        'REUSED',
        'CREATED',
      ]);
      const { orderId, userId, currency, amountMinor, deadlineMs } = item;
      const same = { orderId, userId, currency, amountMinor, deadlineMs };
      expect(await store.get(orderId, soon())).toMatchObject({ ...same, state: 'NOT_STARTED' });
    });

    test('many at once, some of them copies of each other', async () => {
      const items = Array.from({ length: 50 }, () => wanted());
      const calls = [items, items.slice(10, 30), items.toReversed()];
      const outcomes = await Promise.all(calls.map((call) => store.create(call, soon())));
      expect(outcomes.flat().every((outcome) => outcome === 'CREATED')).toBe(true);
      const found = await Promise.all(items.map((item) => store.get(item.orderId, soon())));
      expect(found.map((payment) => payment?.orderId)).toEqual(items.map((i) => i.orderId));
    });

    test('a tombstone is in the way for ever', async () => {
      const item = wanted();
      const { orderId } = item;
      await store.update({ orderId, deadlineMs: soon() }, (file, { nowMs }) =>
        cancelOrBar(orderId, file, nowMs),
      );
      expect(await store.create([item], soon())).toEqual(['CREATED']);
      expect(await store.get(orderId, soon())).toMatchObject({
        state: 'CANCELLED',
        amountMinor: 0n,
      });
      expect((await start(orderId, 'a')).outcome).toBe('TRANSITION_ILLEGAL');
    });

    test('what nobody has created is not there', async () => {
      expect(await store.get(under.nextOrderId(), soon())).toBeUndefined();
    });
  });

  describe('update', () => {
    test('keeps payment, attempt and refund exactly as decided', async () => {
      const orderId = await created();
      await start(orderId, 'a');
      await succeed(orderId, `evt-${orderId}`);
      const decided = await store.update({ orderId, deadlineMs: soon() }, (file, { nowMs }) =>
        file ? refundRest(file, 'späte Gründe', refundIdOf, nowMs) : { result: undefined },
      );
      const file = await fileOf(orderId);
      expect(file?.payment).toEqual(decided);
      expect(file?.payment).toMatchObject({ state: 'SUCCEEDED', refundedMinor: 500n, version: 4 });
      expect(file?.attempts).toMatchObject([{ requestId: 'a', providerNumber: 'ch_1' }]);
      expect(file?.refunds).toMatchObject([{ reason: 'späte Gründe', chargeNumber: 'ch_1' }]);
    });

    test('of 20 starters at once one wins', async () => {
      const orderId = await created();
      const ids = Array.from({ length: 20 }, (_, i) => `r${i}`);
      const outcomes = await Promise.all(ids.map(async (id) => (await start(orderId, id)).outcome));
      expect(outcomes.filter((outcome) => outcome === 'STARTED')).toHaveLength(1);
      expect(outcomes.filter((o) => o === 'PAYMENT_IN_PROGRESS')).toHaveLength(19);
      expect((await fileOf(orderId))?.attempts).toHaveLength(1);
    });

    test('of 20 copies of an event one is applied', async () => {
      const orderId = await created();
      await start(orderId, 'a');
      const copies = Array.from({ length: 20 }, () => succeed(orderId, `evt-${orderId}`));
      const outcomes = await Promise.all(copies);
      expect(outcomes.filter((outcome) => outcome === 'APPLIED')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'DUPLICATE')).toHaveLength(19);
    });

    test('one decision that throws does not spoil its neighbours', async () => {
      const [bad, good] = [await created(), await created()];
      const [thrown, started] = await Promise.allSettled([
        store.update({ orderId: bad, deadlineMs: soon() }, () => {
          throw new Error('a bug');
        }),
        start(good, 'a'),
      ]);
      expect(thrown).toMatchObject({ status: 'rejected', reason: { message: 'a bug' } });
      expect(started).toMatchObject({ value: { outcome: 'STARTED' } });
    });
  });

  test('what is due is claimed once, with its open attempts', async () => {
    const [dueNow, dueLater] = [await created(), await created()];
    await start(dueNow, 'a', 0);
    await start(dueLater, 'a', 60_000);
    const times = { lookAfterMs: 60_000, lookEveryMsMax: 60_000 };
    const claim = async () => {
      const claims = under.due.map((due) => due.claim(1_000, times, soon()));
      return (await Promise.all(claims)).flat();
    };
    await new Promise((resolve) => setTimeout(resolve, 5));
    const claimed = await claim();
    const mine = claimed.filter(({ payment }) => [dueNow, dueLater].includes(payment.orderId));
    expect(mine).toMatchObject([
      { payment: { orderId: dueNow }, openAttempts: [{ attemptNo: 1 }] },
    ]);
    expect(await claim()).toEqual([]);
  });
}
