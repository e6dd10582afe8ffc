// The store in memory keeps the contracts of every order store.

import { describe } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { orderContentsContract } from '../order-contents.contract.js';
import { orderPresaleContract } from '../order-presale.contract.js';
import { orderRefundsContract } from '../order-refunds.contract.js';
import { orderStoreContract, type StoreUnderTest } from '../order-store.contract.js';
import { MemoryOrderStore } from './order-store.js';

async function open(): Promise<StoreUnderTest> {
  const store = new MemoryOrderStore(systemClock);
  return {
    store,
    effectsOf: async (orderId) =>
      store.effects.filter((effect) => effect.orderId === orderId).map((effect) => effect.kind),
    close: async () => {},
  };
}

describe('orders in memory', () => {
  orderStoreContract(open);
  orderContentsContract(open);
  orderRefundsContract(open);
  orderPresaleContract(open);
});
