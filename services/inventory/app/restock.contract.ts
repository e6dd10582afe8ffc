// Restocks by request id: done once, and one id means one body, wherever the SKUs lie. Run on the
// memory double and on two MySQL servers.

import { expect, test } from '@jest/globals';
import { partitionOf } from '../domain/split.js';
import type { StockBook } from './ports.js';

const soon = () => Date.now() + 8_000;

export function restockContract(open: () => StockBook): void {
  const run = Math.random().toString(36).slice(2, 10);
  /** A SKU on one half of the partitions; the halves are two servers. */
  const skuOn = (half: 0 | 1, name: string): string => {
    for (let i = 0; ; i++) {
      const skuId = `${run}-${name}-${i}`;
      if (Math.floor(partitionOf(skuId) / 32) === half) return skuId;
    }
  };
  const restock = (book: StockBook, requestId: string, skuId: string, delta: number) =>
    book.restock({ requestId: `${run}-${requestId}`, skuId, delta, reason: '' }, soon());
  const available = async (book: StockBook, skuId: string) =>
    (await book.stocks([skuId], soon()))[0]?.available;

  test('the same id with a SKU on another server is refused, and adds nothing', async () => {
    const book = open();
    const [here, there] = [skuOn(0, 'a'), skuOn(1, 'a')];
    expect((await restock(book, 'one', here, 5)).outcome).toBe('DONE');
    expect((await restock(book, 'one', there, 5)).outcome).toBe('REQUEST_ID_REUSED');
    expect((await restock(book, 'one', here, 6)).outcome).toBe('REQUEST_ID_REUSED');
    expect((await restock(book, 'one', here, 5)).outcome).toBe('DONE');
    expect([await available(book, here), await available(book, there)]).toEqual([5, undefined]);
  });

  test('of two bodies at once under one id, one is done', async () => {
    const book = open();
    const [here, there] = [skuOn(0, 'b'), skuOn(1, 'b')];
    const answers = await Promise.all([
      restock(book, 'race', here, 5),
      restock(book, 'race', there, 5),
    ]);
    const outcomes = answers.map((answer) => answer.outcome).sort();
    expect(outcomes).toEqual(['DONE', 'REQUEST_ID_REUSED']);
    const units = [await available(book, here), await available(book, there)];
    expect(units.filter((one) => one === 5)).toHaveLength(1);
  });

  test('a refused restock changes nothing, and is done by its retry once it can be', async () => {
    const book = open();
    const skuId = skuOn(1, 'c');
    expect((await restock(book, 'take', skuId, -2)).outcome).toBe('SKU_UNKNOWN');
    expect((await restock(book, 'add', skuId, 1)).outcome).toBe('DONE');
    expect((await restock(book, 'take', skuId, -2)).outcome).toBe('STOCK_TOO_LOW');
    expect((await restock(book, 'take', skuId, -1)).outcome).toBe('REQUEST_ID_REUSED');
    expect((await restock(book, 'more', skuId, 1)).outcome).toBe('DONE');
    expect((await restock(book, 'take', skuId, -2)).outcome).toBe('DONE');
    expect((await restock(book, 'take', skuId, -2)).outcome).toBe('DONE');
    expect(await available(book, skuId)).toBe(0);
  });
}
