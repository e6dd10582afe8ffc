// The contract on the memory double: the specification is consistent with itself.

import { describe } from '@jest/globals';
import { createLog } from '../../platform/log.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { redisLossContract } from './redis-loss.contract.js';
import { stockEngineContract } from './stock-engine.contract.js';

const log = createLog({ service: 'test', level: 'silent' });

function open(o: { pageEntriesMax?: number }) {
  const gate = new MemoryGate();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now, ...o });
  return Promise.resolve({
    gate,
    book,
    forget: () => Promise.resolve(gate.forget()),
    restart: () => Promise.resolve(gate.restart()),
  });
}

describe('the reservation engine in memory', () => {
  stockEngineContract(open, log);
  redisLossContract(open, log);
});
