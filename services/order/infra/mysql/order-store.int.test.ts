// The store in MySQL keeps the contract of every order store, on two real servers.

import { describe } from '@jest/globals';
import { orderStoreContract } from '../order-store.contract.js';
import { openOrderDatabase } from './order-database.fixture.js';

describe('orders in MySQL', () => {
  orderStoreContract(() => openOrderDatabase());
});
