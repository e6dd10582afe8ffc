// The store in MySQL keeps the contract of refunds on two real servers; a cache of orders tells of a
// refund at once; and whoever has none pays nothing for them.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { StatementTap } from '../../../platform/mysql/statement-tap.fixture.js';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { connectRedis, type RedisLink, redisReady } from '../../../platform/redis/connect.js';
import { newOrder, soon } from '../new-orders.fixture.js';
import { orderRefundsContract, refundOf, units } from '../order-refunds.contract.js';
import { CACHE_MS_MAX, RedisPartsCache } from '../redis/parts-cache.js';
import { openOrderDatabase } from './order-database.fixture.js';

const captured = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 5_300n } as const;

describe('refunds of lines in MySQL', () => {
  orderRefundsContract(() => openOrderDatabase());
});

describe('with a cache', () => {
  let link: RedisLink;
  let under: Awaited<ReturnType<typeof openOrderDatabase>>;
  beforeAll(async () => {
    link = connectRedis({
      url: testUrl('TEST_REDIS'),
      commandTimeoutMs: CACHE_MS_MAX,
      log: silent,
    });
    await redisReady(link);
    const mesh = `refunds-${process.pid}`;
    under = await openOrderDatabase(undefined, [
      new RedisPartsCache({ link, clock: systemClock, mesh }),
    ]);
  });
  afterAll(async () => {
    await under.close();
    link.disconnect();
  });

  test('each version has its refunds, however often it is read', async () => {
    const { orderId, ...rest } = newOrder();
    await under.store.commit({ orderId, ...rest }, soon());
    await under.store.change(orderId, captured, soon());
    for (const made of [0, 1, 2]) {
      if (made > 0) {
        await under.store.change(orderId, refundOf(`b${made}`, units(1, 'tea')), soon());
      }
      for (let look = 0; look < 3; look++) {
        const order = await under.store.read(orderId, soon());
        expect(order?.refunds.map(({ requestId }) => requestId)).toEqual(
          ['b1', 'b2'].slice(0, made),
        );
      }
    }
  });
});

describe('statements', () => {
  const tap = new StatementTap(testUrl('TEST_MYSQL_1'));
  let under: Awaited<ReturnType<typeof openOrderDatabase>>;
  beforeAll(async () => {
    under = await openOrderDatabase([await tap.listen()]);
  });
  afterAll(async () => {
    await under.close();
    await tap.close();
  });

  test('nobody looks for the refunds of an order that has none', async () => {
    const { orderId, ...rest } = newOrder();
    await under.store.commit({ orderId, ...rest }, soon());
    await under.store.change(orderId, captured, soon());
    await under.store.read(orderId, soon());
    const about = () => tap.statements.filter((sql) => /(FROM|INTO) order_refund/.test(sql)).length;
    expect(about()).toBe(0);
    await under.store.change(orderId, refundOf('b1', units(1, 'tea')), soon());
    await under.store.read(orderId, soon());
    expect(about()).toBe(2);
  });
});
