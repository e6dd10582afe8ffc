// Promise: secrets and what concerns a buyer's person stand in no log.
// Method: words that occur nowhere else are sent through every door where such things come in, in
// calls that succeed, that are refused, and that fail on the way; then all logs are searched.
import { expect, test } from '@jest/globals';
import { OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import { fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const CANARIES = {
  recipient: 'Canaria Kanarienvogel',
  address: 'Kanarienweg 4711, 99999 Canaryville',
  phone: '+49 170 9911223344',
  card: '4111111111111111',
  method: '4242424242424242',
  signature: 'v1=c0ffee00canary',
  note: 'canary-in-a-reason',
};
/** Long enough to be refused inside, short enough not to wait for. */
const CALL_MS_MAX = 1_500;

export function logCanaries(mesh: () => TestMesh): void {
  test('nothing of it is in any log', async () => {
    const { orders, payments } = mesh().clients;
    const skuId = await new Shop(mesh().clients).sells(5);
    const wave = async () => {
      const deadlineMs = Date.now() + CALL_MS_MAX;
      const of = (type: OrderType, details: object, userId = fresh('user')) =>
        ignored(
          orders.createOrder(
            { requestId: fresh('r'), userId, type, lines: [{ skuId, quantity: 1 }], ...details },
            { deadlineMs },
          ),
        );
      const { recipient, address, phone, card, method, note } = CANARIES;
      const shipping = { case: 'shipping', value: { recipient, address } } as const;
      const topUp = { case: 'topUp', value: { account: phone } } as const;
      await Promise.all([
        of(OrderType.PHYSICAL, { details: shipping }),
        of(OrderType.VIRTUAL, { details: shipping }),
        of(OrderType.TOP_UP, { details: topUp }),
        // People put such things where ids belong.
        of(OrderType.PHYSICAL, { details: shipping }, `${card} ${address}`),
        ignored(
          payments.startPayment(
            { paymentId: `p-${card}`, requestId: fresh('pay'), method },
            { deadlineMs },
          ),
        ),
        ignored(orders.cancelOrder({ orderId: '1', reason: note }, { deadlineMs })),
        callBack(mesh()),
        fetch(`${mesh().gateway}/${card}?phone=${encodeURIComponent(phone)}`),
      ]);
    };
    await wave();
    await mesh().whileFrozen('inventory-1', wave);
    await mesh().whileFrozen('payment-1', wave);
    const logs = mesh().logs();
    // They are there to be searched, and what the waves caused is among them.
    expect(logs).toContain('provider event refused');
    const secrets = { ...CANARIES, provider: mesh().provider.secret, ...passwords(mesh()) };
    const told = Object.entries(secrets).filter(([, text]) => logs.includes(text));
    expect(told.map(([name]) => name)).toEqual([]);
  }, 60_000);
}

/** Whatever becomes of the call: only what is written about it counts. */
async function ignored(call: Promise<unknown>): Promise<void> {
  await call.catch(() => undefined);
}

async function callBack(mesh: TestMesh): Promise<void> {
  const { signature, card, note } = CANARIES;
  const body = JSON.stringify({ id: note, type: 'charge.succeeded', data: { card } });
  const signatures = [signature, mesh.provider.sign(body)];
  for (const header of signatures) {
    await fetch(`${mesh.gateway}/callbacks/sandbox`, {
      method: 'POST',
      headers: { 'spillway-signature': header },
      body,
    });
  }
}

function passwords(mesh: TestMesh): Record<string, string> {
  const urls = (mesh.serviceEnv.MYSQL_SHARDS ?? '').split(',').map((part) => part.split('=')[1]);
  return Object.fromEntries(
    urls.map((url, i) => [`mysql-${i}`, new URL(url ?? '').password]).filter(([, text]) => text),
  );
}
