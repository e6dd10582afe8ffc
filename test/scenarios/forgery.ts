// Promise: nobody confirms a payment but the provider. Every way to change, repeat, delay or invent a
// callback is refused or without effect, with its reason, and none is answered 5xx.
// Method: a payment waits for its buyer; everything that a forger could post is posted to the gateway,
// one thing wrong each; then the true callback comes, and comes again.
import { describe, expect, test } from '@jest/globals';
import type { Order } from '../../gen/spillway/order/v1/order_pb.js';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { soon } from '../harness/clients.js';
import { hangUp, type Posted, postCallback } from '../harness/raw-callback.js';
import { crowd, Shop, tally } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

interface Stage {
  order: Order;
  other: Order;
  /** Of the charge that the first order waits for. */
  number: string;
  body: string;
  signature: string;
  post: (posted: Posted) => Promise<string>;
}

const BODY_BYTES_MAX = 64 * 1024;
/** Answers: what a forger hears. Why, stands in the log of the payment service. */
const FORGED = '403 EVENT_FORGED';
const UNKNOWN = '404 PAYMENT_UNKNOWN';
const TOO_LARGE = '413 body_too_large';
const STORY_MS_MAX = 60_000;
const AT_ONCE = 16;

const nowSeconds = () => Math.floor(Date.now() / 1_000);

export function forgery(mesh: () => TestMesh): void {
  let stage: Stage;

  test('a payment waits for its buyer', async () => {
    stage = await setStage(mesh());
  });

  describe('nothing of this changes it', () => {
    const resigned = (change: (event: Told) => object) => (): Posted => {
      const body = JSON.stringify(change(JSON.parse(stage.body)));
      return { body, signature: mesh().provider.sign(body) };
    };
    const data = (change: object) =>
      resigned((event) => ({ ...event, data: { ...event.data, ...change } }));
    const at = (seconds: number) => (): Posted => ({
      signature: mesh().provider.sign(stage.body, { seconds: nowSeconds() + seconds }),
    });
    const money = (currency: string, amount_minor: number) =>
      data({ amount: { currency, amount_minor } });

    test.each<[string, () => Posted, string]>([
      ['no signature', () => ({ signature: undefined }), FORGED],
      ['an empty signature', () => ({ signature: '' }), FORGED],
      [
        'a wrong secret',
        () => ({ signature: mesh().provider.sign(stage.body, { secret: 'guessed' }) }),
        FORGED,
      ],
      ['the header twice', () => ({ signature: [stage.signature, stage.signature] }), FORGED],
      ['a true and a false header', () => ({ signature: [stage.signature, 'v1=00'] }), FORGED],
      ['a header over its limit', () => ({ signature: 'x'.repeat(2_000) }), '400 FIELD_INVALID'],
      ['signed before the window', at(-330), FORGED],
      ['signed after the window', at(330), FORGED],
      ['written again with spaces', () => ({ body: respaced(stage.body) }), FORGED],
      ['written again in another order', () => ({ body: reordered(stage.body) }), FORGED],
      ['a byte short', () => ({ body: stage.body.slice(0, -1) }), FORGED],
      ['half of it', () => ({ body: stage.body.slice(0, stage.body.length / 2) }), FORGED],
      ['an empty body', () => ({ body: '' }), FORGED],
      ['an empty body, signed', () => ({ body: '', signature: mesh().provider.sign('') }), FORGED],
      ['not UTF-8', () => ({ body: Buffer.from([0xff, 0xfe]) }), FORGED],
      ['as large as can be', () => ({ body: stage.body.padEnd(BODY_BYTES_MAX) }), FORGED],
      ['larger', () => ({ body: stage.body.padEnd(BODY_BYTES_MAX + 1) }), TOO_LARGE],
      ['huge', () => ({ body: stage.body.padEnd(BODY_BYTES_MAX * 15) }), TOO_LARGE],
      ['another provider', () => ({ provider: 'nobody' }), FORGED],
      ['no provider', () => ({ provider: '' }), '404 not_found'],
      ['a path behind the provider', () => ({ provider: 'sandbox/7' }), '404 not_found'],
      ['not posted', () => ({ method: 'PUT' }), '405 method_not_allowed'],
      ['a kind that nobody needs', resigned((e) => ({ ...e, type: 'payout.paid' })), '200'],
      ['no event id', resigned((e) => ({ ...e, id: undefined })), FORGED],
      ['no number of a charge', data({ number: '' }), FORGED],
    ])('%s', async (_name, posted, answer) => {
      expect(await stage.post(posted())).toBe(answer);
      expect(await untouched(mesh(), stage)).toBe(true);
    });

    /** Truly signed: as if the provider were wrong. */
    test.each<[string, () => Posted, string, string[]]>([
      ['another amount', money('EUR', 999), FORGED, ['PAYMENT_MISMATCH']],
      ['nothing at all', money('EUR', 0), FORGED, ['PAYMENT_MISMATCH']],
      ['another currency', money('USD', 1_000), FORGED, ['PAYMENT_MISMATCH']],
      ['another charge', data({ number: 'ch_other' }), FORGED, ['PAYMENT_MISMATCH']],
      ['another attempt', keyed((key) => `${key}1`), FORGED, ['PAYMENT_MISMATCH']],
      ['a key of nothing', keyed(() => 'key'), FORGED, ['PAYMENT_MISMATCH']],
      ['a refund of nothing', refunded(), FORGED, ['PAYMENT_MISMATCH']],
      ['the other order', () => swapped(), FORGED, ['PAYMENT_MISMATCH']],
      ['an unknown order', unknown('p-77'), UNKNOWN, []],
      ['an order that cannot be', unknown('p-99999999999999999999'), UNKNOWN, []],
      ['no order', unknown('order'), UNKNOWN, []],
    ])('signed, but of %s', async (_name, posted, answer, alarms) => {
      expect(await stage.post(posted())).toBe(answer);
      expect(await untouched(mesh(), stage)).toBe(true);
      expect(mesh().alarms()).toEqual(alarms);
    });

    test.each(['body', 'header'])(
      'any byte of the %s',
      async (part) => {
        const genuine = part === 'body' ? stage.body : stage.signature;
        const answers = await crowd(
          Array.from({ length: genuine.length }),
          AT_ONCE,
          async (_, i) => {
            const other = String.fromCharCode(genuine.charCodeAt(i) ^ 1);
            const changed = genuine.slice(0, i) + other + genuine.slice(i + 1);
            return await stage.post(part === 'body' ? { body: changed } : { signature: changed });
          },
        );
        expect(tally(answers)).toEqual({ [FORGED]: genuine.length });
        expect(await untouched(mesh(), stage)).toBe(true);
      },
      STORY_MS_MAX,
    );

    test('a sender that hangs up half-way', async () => {
      await hangUp(mesh().gateway, stage.body, stage.signature);
      expect(await untouched(mesh(), stage)).toBe(true);
    });

    function keyed(change: (key: string) => string) {
      return resigned((event) => {
        const idempotency_key = change(event.data.idempotency_key);
        return { ...event, data: { ...event.data, idempotency_key } };
      });
    }

    function refunded() {
      return resigned((event) => ({ ...event, type: 'refund.succeeded' }));
    }

    function swapped() {
      return data({ reference: stage.other.paymentId })();
    }

    function unknown(reference: string) {
      return data({ reference, idempotency_key: `${reference}-1` });
    }
  });

  test('the true callback is taken; again it has no effect; long after it is refused', async () => {
    const { body, number, order, post } = stage;
    const sign = (seconds: number) => mesh().provider.sign(body, { seconds });
    // The buyer pays, but the provider's own callback is lost: ours takes its place.
    await mesh().provider.command([{ fault: 'lose', next: 1, reference: order.paymentId }]);
    await fetch(`${mesh().provider.url}/pay/${number}`);
    expect(await post({ signature: sign(nowSeconds()) })).toBe('200');
    await new Shop(mesh().clients).becomes(order.orderId, OrderState.PAID);
    const version = await versionOf(mesh(), order);
    const again = [0, -200, 200].map((off) => post({ signature: sign(nowSeconds() + off) }));
    expect(await Promise.all(again)).toEqual(['200 duplicate', '200 duplicate', '200 duplicate']);
    expect(await post({ signature: sign(nowSeconds() - 330) })).toBe(FORGED);
    const renamed = JSON.stringify({ ...JSON.parse(body), id: 'evt_of_another_name' });
    expect(await post({ body: renamed, signature: mesh().provider.sign(renamed) })).toBe('200');
    expect(await versionOf(mesh(), order)).toBe(version);
    const movements = await mesh().provider.movements(order.paymentId);
    expect(movements.map(({ kind }) => kind)).toEqual(['charge']);
  });
}

interface Told {
  id: string;
  type: string;
  data: { reference: string; idempotency_key: string; number: string };
}

async function setStage(mesh: TestMesh): Promise<Stage> {
  const shop = new Shop(mesh.clients);
  const sku = await shop.sells(2, { name: 'forgery' });
  const order = await shop.order({ [sku]: 1 });
  const other = await shop.order({ [sku]: 1 });
  await shop.pay(order, 'card_redirect');
  const key = `${order.paymentId}-1`;
  const number = await mesh.provider.numberOf(key);
  const event = {
    id: `evt_${number}`,
    type: 'charge.succeeded',
    created: nowSeconds(),
    data: {
      number,
      reference: order.paymentId,
      amount: { currency: 'EUR', amount_minor: 1_000 },
      idempotency_key: key,
    },
  };
  const body = JSON.stringify(event);
  const signature = mesh.provider.sign(body);
  const post = (posted: Posted) => postCallback(mesh.gateway, { body, signature, ...posted });
  return { order, other, number, body, signature, post };
}

async function untouched(mesh: TestMesh, { order, other }: Stage): Promise<boolean> {
  const shop = new Shop(mesh.clients);
  const seen = await Promise.all(
    [order, other].map(async (each) => {
      const { state } = await shop.look(each.orderId);
      return `${OrderState[state]} ${await versionOf(mesh, each)}`;
    }),
  );
  // Created; begun, and taken by the provider.
  return seen.join() === 'PENDING_PAYMENT 3,PENDING_PAYMENT 1';
}

async function versionOf(mesh: TestMesh, { paymentId }: Order): Promise<bigint> {
  const { payment } = await mesh.clients.payments.getPayment({ paymentId }, soon());
  return payment?.version ?? 0n;
}

function respaced(body: string): string {
  return JSON.stringify(JSON.parse(body), null, 1);
}

function reordered(body: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).reverse()));
}
