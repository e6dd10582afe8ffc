// The store in memory keeps the contract of every order store.

import { describe } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { orderStoreContract } from '../order-store.contract.js';
import { MemoryOrderStore } from './order-store.js';

describe('orders in memory', () => {
  orderStoreContract(async () => {
    const store = new MemoryOrderStore(systemClock);
    return {
      store,
      effectsOf: async (orderId) =>
        store.effects.filter((effect) => effect.orderId === orderId).map((effect) => effect.kind),
      close: async () => {},
    };
  });
});
