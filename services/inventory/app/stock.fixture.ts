// For tests: one SKU, `hat`, in the book in memory, under a clock that stands still, with the moves of
// its stock in one word each.

import { ManualClock } from '../../platform/clock.js';
import { split } from '../domain/split.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';

/** So few that every ledger has several pages. */
const PAGE_ENTRIES = 4;

export async function openStock(units: number) {
  const clock = new ManualClock();
  const nowMs = () => clock.nowMs();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs, pageEntriesMax: PAGE_ENTRIES });
  let ids = 0;
  const restock = (delta: number) => {
    ids += 1;
    return book.restock({ requestId: `restock-${ids}`, skuId: 'hat', delta, reason: '' });
  };
  await restock(units);
  return {
    clock,
    book,
    restock,
    /** Answers the ids of so many reservations of one hat each. */
    reserve: async (count: number) => {
      const taken: string[] = [];
      const [row] = await book.stocks(['hat']);
      for (; taken.length < count; ids++) {
        const lines = [{ skuId: 'hat', quantity: 1, userLimit: 0 }];
        const request = { reservationId: `r${ids}`, orderId: `${ids}`, userId: 'ann', lines };
        const [part] = split(request);
        if (part === undefined) throw new Error('one line is one part');
        const [result] = await book.settle([{ ...part, epochs: [row?.epoch ?? 0], fresh: [true] }]);
        if (result?.outcome !== 'RESERVED') throw new Error(result?.outcome);
        taken.push(request.reservationId);
      }
      return taken;
    },
    close: async (verb: 'release' | 'confirm' | 'return', reservationIds: readonly string[]) => {
      const [row] = await book.stocks(['hat']);
      for (const reservationId of reservationIds) {
        const which = { partition: row?.partition ?? 0, skuIds: ['hat'], orderId: '1' };
        await book.close({ verb, reservationId, ...which });
      }
    },
  };
}
