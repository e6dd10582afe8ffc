// The store in memory keeps the contract of the payment store.

import { describe } from '@jest/globals';
import { paymentStoreContract } from '../payment-store.contract.js';
import { MemoryPaymentStore } from './payment-store.js';

describe('payment store in memory', () => {
  paymentStoreContract(async () => {
    const store = new MemoryPaymentStore({ nowMs: () => Date.now() });
    let orderId = 0n;
    return { store, due: [store], nextOrderId: () => ++orderId };
  });
});
