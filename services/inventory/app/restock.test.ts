// The contract of restocks on the memory double.

import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { restockContract } from './restock.contract.js';

restockContract(() => new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now }));
