// What every payment store keeps, told as a story that runs on memory and on real MySQL alike.

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DuePayments, PaymentStore } from '../app/ports.js';
import { cancelOrBar } from '../domain/cancel.js';
import { applyCharge } from '../domain/charge.js';
import type { NewPayment } from '../domain/create.js';
import type { PaymentFile } from '../domain/payment-file.js';
import type { PaymentKey } from '../domain/payment-id.js';
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
    const times = { opensMs: undefined, deadlineMs: Date.now() + 60_000 };
    return { orderId, part: 'FIRST', userId: 'ann', ...MONEY, ...times, ...more };
  }

  async function created(more: Partial<NewPayment> = {}): Promise<PaymentKey> {
    const item = wanted(more);
    await store.create([item], soon());
    return { orderId: item.orderId, part: item.part };
  }

  function fileOf(payment: PaymentKey): Promise<PaymentFile | undefined> {
    return store.update({ payment, deadlineMs: soon() }, (file) => ({ result: file }));
  }

  function start(payment: PaymentKey, requestId: string, lookAfterMs = 60_000) {
    return store.update({ payment, deadlineMs: soon() }, (file, { nowMs }) =>
      startAttempt(file, { ...START, requestId, lookAfterMs }, nowMs),
    );
  }

  function succeed(payment: PaymentKey, eventId: string) {
    const target = { payment, deadlineMs: soon(), eventId };
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
      expect(await store.get(item, soon())).toMatchObject({ ...same, state: 'NOT_STARTED' });
    });

    test('many at once, some of them copies of each other', async () => {
      const items = Array.from({ length: 50 }, () => wanted());
      const calls = [items, items.slice(10, 30), items.toReversed()];
      const outcomes = await Promise.all(calls.map((call) => store.create(call, soon())));
      expect(outcomes.flat().every((outcome) => outcome === 'CREATED')).toBe(true);
      const found = await Promise.all(items.map((item) => store.get(item, soon())));
      expect(found.map((payment) => payment?.orderId)).toEqual(items.map((i) => i.orderId));
    });

    test('a tombstone is in the way for ever', async () => {
      const item = wanted();
      await store.update({ payment: item, deadlineMs: soon() }, (file, { nowMs }) =>
        cancelOrBar(item, file, nowMs),
      );
      expect(await store.create([item], soon())).toEqual(['CREATED']);
      expect(await store.get(item, soon())).toMatchObject({
        state: 'CANCELLED',
        amountMinor: 0n,
      });
      expect((await start(item, 'a')).outcome).toBe('TRANSITION_ILLEGAL');
    });

    test('what nobody has created is not there', async () => {
      expect(
        await store.get({ orderId: under.nextOrderId(), part: 'FIRST' }, soon()),
      ).toBeUndefined();
    });
  });

  describe('update', () => {
    test('keeps payment, attempt and refund exactly as decided', async () => {
      const payment = await created();
      await start(payment, 'a');
      await succeed(payment, `evt-${payment.orderId}`);
      const decided = await store.update({ payment, deadlineMs: soon() }, (file, { nowMs }) =>
        file ? refundRest(file, 'späte Gründe', refundIdOf, nowMs) : { result: undefined },
      );
      const file = await fileOf(payment);
      expect(file?.payment).toEqual(decided);
      expect(file?.payment).toMatchObject({ state: 'SUCCEEDED', refundedMinor: 500n, version: 4 });
      expect(file?.attempts).toMatchObject([{ requestId: 'a', providerNumber: 'ch_1' }]);
      expect(file?.refunds).toMatchObject([{ reason: 'späte Gründe', chargeNumber: 'ch_1' }]);
    });

    test('of 20 starters at once one wins', async () => {
      const payment = await created();
      const ids = Array.from({ length: 20 }, (_, i) => `r${i}`);
      const outcomes = await Promise.all(ids.map(async (id) => (await start(payment, id)).outcome));
      expect(outcomes.filter((outcome) => outcome === 'STARTED')).toHaveLength(1);
      expect(outcomes.filter((o) => o === 'PAYMENT_IN_PROGRESS')).toHaveLength(19);
      expect((await fileOf(payment))?.attempts).toHaveLength(1);
    });

    test('of 20 copies of an event one is applied', async () => {
      const payment = await created();
      await start(payment, 'a');
      const eventId = `evt-${payment.orderId}`;
      const copies = Array.from({ length: 20 }, () => succeed(payment, eventId));
      const outcomes = await Promise.all(copies);
      expect(outcomes.filter((outcome) => outcome === 'APPLIED')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'DUPLICATE')).toHaveLength(19);
    });

    test('one decision that throws does not spoil its neighbours', async () => {
      const [bad, good] = [await created(), await created()];
      const [thrown, started] = await Promise.allSettled([
        store.update({ payment: bad, deadlineMs: soon() }, () => {
          throw new Error('a bug');
        }),
        start(good, 'a'),
      ]);
      expect(thrown).toMatchObject({ status: 'rejected', reason: { message: 'a bug' } });
      expect(started).toMatchObject({ value: { outcome: 'STARTED' } });
    });
  });

  describe('the two payments of a presale', () => {
    test('stand beside each other, and nothing of one is the other’s', async () => {
      const deposit = await created();
      const { orderId } = deposit;
      const rest = { amountMinor: 900n, opensMs: 1_000 };
      const balance = await created({ orderId, part: 'BALANCE', ...rest });
      expect(await store.get(balance, soon())).toMatchObject({ ...balance, ...rest });
      // In one batch, under the same request id.
      await Promise.all([start(deposit, 'a'), start(balance, 'a')]);
      await succeed(deposit, `evt-${orderId}`);
      const [first, second] = await Promise.all([fileOf(deposit), fileOf(balance)]);
      expect(first?.payment).toMatchObject({ ...deposit, state: 'SUCCEEDED', opensMs: undefined });
      expect(second?.payment).toMatchObject({ ...balance, state: 'PENDING', capturedMinor: 0n });
      expect([first?.attempts.length, second?.attempts.length]).toEqual([1, 1]);
    });

    test('are created in one call, each compared with itself', async () => {
      const deposit = wanted();
      const balance = { ...deposit, part: 'BALANCE', amountMinor: 900n } as const;
      const other = { ...balance, amountMinor: 901n };
      expect(await store.create([balance, deposit], soon())).toEqual(['CREATED', 'CREATED']);
      expect(await store.create([deposit, other], soon())).toEqual(['CREATED', 'REUSED']);
    });

    test('a balance is barred before it exists, its deposit is not', async () => {
      const deposit = await created();
      const balance = wanted({ orderId: deposit.orderId, part: 'BALANCE' });
      await store.update({ payment: balance, deadlineMs: soon() }, (file, { nowMs }) =>
        cancelOrBar(balance, file, nowMs),
      );
      expect(await store.create([balance], soon())).toEqual(['CREATED']);
      expect(await store.get(balance, soon())).toMatchObject({ state: 'CANCELLED' });
      expect(await store.get(deposit, soon())).toMatchObject({ state: 'NOT_STARTED' });
    });
  });

  test('what is due is claimed once, with its open attempts', async () => {
    const [dueNow, dueLater] = [await created(), await created()];
    await start(dueNow, 'a', 0);
    await start(dueLater, 'a', 60_000);
    const times = { lookAfterMs: 60_000, lookEveryMsMax: 60_000, lateLookMsMax: 60_000 };
    const claim = async () => {
      const claims = under.due.map((due) => due.claim(1_000, times, soon()));
      return (await Promise.all(claims)).flat();
    };
    await new Promise((resolve) => setTimeout(resolve, 5));
    const claimed = await claim();
    const mine = claimed.filter(({ payment }) =>
      [dueNow, dueLater].some(({ orderId }) => orderId === payment.orderId),
    );
    expect(mine).toMatchObject([{ payment: dueNow, openAttempts: [{ attemptNo: 1 }] }]);
    expect(await claim()).toEqual([]);
  });
}
