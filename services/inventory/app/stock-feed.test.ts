// Promise: watchers hear of every change, soon and not too often, from one look for all of them; and a
// notice is told with the look that proves it, and taken back as soon as it is not true any more.

import { describe, expect, test } from '@jest/globals';
import { createLog } from '../../platform/log.js';
import { openStock } from './stock.fixture.js';
import { StockFeed } from './stock-feed.js';
import type { StockUpdate } from './stock-watcher.js';

const log = createLog({ service: 'test', level: 'silent' });

describe('stock', () => {
  test('is told at once, then after each change', async () => {
    const { watch, clock, reserve } = await open(5);
    const { heard } = watch();
    await clock.advance(100);
    expect(heard.map(({ row }) => row.available)).toEqual([5]);
    await clock.advance(5_000);
    expect(heard).toHaveLength(1);
    await reserve(1);
    await clock.advance(100);
    expect(heard.map(({ row }) => row.available)).toEqual([5, 4]);
  });

  test('a change by another process is told within a poll', async () => {
    const { watch, clock, reserve, deaf } = await open(5);
    deaf();
    const { heard } = watch();
    await clock.advance(150);
    await reserve(1);
    await clock.advance(500);
    expect(heard.map(({ row }) => row.available)).toEqual([5, 4]);
  });

  test('ten times a second, however often it changes', async () => {
    const { watch, clock, reserve } = await open(300);
    const { heard } = watch();
    for (let i = 0; i < 200; i++) {
      await reserve(1);
      await clock.advance(10);
    }
    await clock.advance(200);
    expect(heard.length).toBeGreaterThan(10);
    expect(heard.length).toBeLessThanOrEqual(22);
    expect(heard.at(-1)?.row.available).toBe(100);
  });

  test('one look serves all watchers, and nobody is looked for when they have left', async () => {
    const { watch, clock, looks } = await open(5);
    const watchers = Array.from({ length: 50 }, () => watch());
    await clock.advance(4_000);
    expect(watchers.every(({ heard }) => heard.length === 1)).toBe(true);
    expect(looks.length).toBeLessThanOrEqual(12);
    for (const watcher of watchers) watcher.leave();
    await clock.advance(1_000);
    looks.length = 0;
    await clock.advance(5_000);
    expect(looks).toEqual([]);
  });

  test('who reads slowly hears the latest', async () => {
    const { watch, clock, reserve } = await open(50);
    const slow = watch({ hold: true });
    for (let i = 0; i < 20; i++) {
      await reserve(1);
      await clock.advance(200);
    }
    slow.release();
    await clock.advance(0);
    expect(slow.heard.map(({ row }) => row.available)).toEqual([50, 30]);
  });

  test('while MySQL is away nothing is told, and after five seconds the stream ends', async () => {
    const { watch, clock, fail } = await open(5);
    const watcher = watch();
    await clock.advance(500);
    fail(true);
    await clock.advance(4_500);
    expect(watcher.ended).toBeUndefined();
    await clock.advance(1_500);
    expect(watcher.ended).toMatchObject({ message: 'down' });
  });

  test('a thousand may watch', async () => {
    const { watch, clock } = await open(5);
    const watchers = Array.from({ length: 1_001 }, () => watch());
    await clock.advance(100);
    expect(watchers.filter(({ ended }) => ended !== undefined)).toHaveLength(1);
    expect(watchers.at(-1)?.ended).toMatchObject({ name: 'OverloadedError' });
    watchers[0]?.leave();
    await clock.advance(0);
    const next = watch();
    await clock.advance(500);
    expect([next.ended, next.heard.length]).toEqual([undefined, 1]);
  });

  test('a change is looked at alone, a poll looks at all', async () => {
    const { watch, clock, looks, restock } = await open(5);
    watch({ skuIds: ['hat', 'cap', 'bag'] });
    await clock.advance(150);
    looks.length = 0;
    await restock(1);
    await clock.advance(400);
    expect(looks).toEqual([1, 3]);
  });
});

describe('a sold-out notice', () => {
  const granted = (update: StockUpdate | undefined, id = '') => update?.notice?.ids?.has(id);

  test('comes with the filter, and then again and again without it', async () => {
    const { watch, clock, reserve } = await open(3);
    const [id] = await reserve(3);
    const { heard } = watch({ notices: true });
    await clock.advance(2_050);
    expect(heard.length).toBeGreaterThanOrEqual(5);
    expect(heard.map((update) => update.notice?.ids !== undefined)).toEqual(
      heard.map((_, i) => i === 0),
    );
    expect(granted(heard[0], id)).toBe(true);
    expect(new Set(heard.map(({ notice }) => notice?.filterVersion)).size).toBe(1);
    const ages = heard.map(({ notice }) => notice?.readAfterOpenMs ?? -1);
    expect(ages.slice(0, 3)).toEqual([0, 400, 800]);
  });

  test('is not for those who do not ask, and not for stock that is left', async () => {
    const { watch, clock, reserve } = await open(3);
    await reserve(2);
    const some = watch({ notices: true });
    await clock.advance(1_000);
    await reserve(1);
    const plain = watch();
    await clock.advance(1_000);
    expect(plain.heard).toHaveLength(1);
    expect([...plain.heard, some.heard[0]].map((update) => update?.notice)).toEqual([
      undefined,
      undefined,
    ]);
    expect(some.heard.at(-1)?.notice).toBeDefined();
  });

  test.each<['release' | 'restock', boolean]>([
    ['release', false],
    ['restock', false],
    ['release', true],
    ['restock', true],
  ])('is taken back by a %s (made by another process: %p)', async (what, elsewhere) => {
    const { watch, clock, reserve, close, restock, deaf } = await open(3);
    const ids = await reserve(3);
    if (elsewhere) deaf();
    const { heard } = watch({ notices: true });
    await clock.advance(1_300);
    expect(heard.at(-1)?.notice).toBeDefined();
    if (what === 'release') await close('release', ids.slice(0, 1));
    else await restock(1);
    await clock.advance(elsewhere ? 500 : 100);
    expect(heard.at(-1)).toMatchObject({ row: { available: 1 }, notice: undefined });
    const count = heard.length;
    await clock.advance(3_000);
    expect(heard).toHaveLength(count);
  });

  test('of units that came back and went between two looks has another filter', async () => {
    const { watch, clock, reserve, close, deaf } = await open(3);
    const first = await reserve(3);
    deaf();
    const { heard } = watch({ notices: true });
    await clock.advance(1_300);
    const before = heard.at(-1)?.notice?.filterVersion;
    await close('release', first.slice(0, 1));
    const [next] = await reserve(1);
    await clock.advance(500);
    const after = heard.at(-1);
    expect(after?.notice?.filterVersion).toBeGreaterThan(before ?? 0);
    expect([granted(after, next), granted(after, first[0])]).toEqual([true, true]);
  });

  test('is taken back rather than sending filters faster than one a second', async () => {
    const { watch, clock, reserve, close } = await open(3);
    let [last] = await reserve(3);
    const { heard } = watch({ notices: true });
    for (let i = 0; i < 40; i++) {
      await close('release', [last ?? '']);
      [last] = await reserve(1);
      await clock.advance(100);
    }
    const filters = heard.filter(({ notice }) => notice?.ids !== undefined);
    expect(filters.length).toBeGreaterThanOrEqual(3);
    expect(filters.length).toBeLessThanOrEqual(5);
    // A notice without a filter speaks of the filter that was sent last.
    let sent: number | undefined;
    for (const { notice } of heard) {
      if (notice?.ids !== undefined) sent = notice.filterVersion;
      if (notice !== undefined) expect(notice.filterVersion).toBe(sent);
    }
    await clock.advance(1_500);
    expect(heard.at(-1)?.notice).toBeDefined();
  });

  test('stands while sold units are confirmed', async () => {
    const { watch, clock, reserve, close } = await open(9);
    const ids = await reserve(9);
    const { heard } = watch({ notices: true });
    for (const id of ids) {
      await close('confirm', [id]);
      await clock.advance(150);
    }
    expect(heard.every(({ notice }) => notice !== undefined)).toBe(true);
    expect(heard.filter(({ notice }) => notice?.ids !== undefined)).toHaveLength(1);
  });

  test('is not told while its filter cannot be read', async () => {
    const { watch, clock, reserve, failFilters } = await open(3);
    await reserve(3);
    failFilters(true);
    const { heard } = watch({ notices: true });
    await clock.advance(1_000);
    expect(heard.map(({ notice }) => notice)).toEqual([undefined]);
    failFilters(false);
    await clock.advance(500);
    expect(heard.at(-1)?.notice?.ids).toBeDefined();
  });

  test('whose filter takes long to read is read once, and holds up nobody else', async () => {
    const { watch, clock, reserve, filterReads, failFilters } = await open(3);
    await reserve(3);
    failFilters('HANG');
    const { heard } = watch({ notices: true });
    const plain = watch();
    await clock.advance(3_000);
    expect([heard.length, plain.heard.length, filterReads.length]).toEqual([0, 1, 1]);
  });

  test('is not repeated while MySQL is away', async () => {
    const { watch, clock, reserve, fail } = await open(3);
    await reserve(3);
    const { heard } = watch({ notices: true });
    await clock.advance(900);
    fail(true);
    const count = heard.length;
    await clock.advance(2_000);
    expect(heard).toHaveLength(count);
  });
});

interface WatchOptions {
  skuIds: string[];
  notices: boolean;
  /** Reads one update and then waits for `release`. */
  hold: boolean;
}

interface Watcher {
  readonly heard: StockUpdate[];
  ended: unknown;
  leave(): void;
  /** Lets a reader that was held go on. */
  release(): void;
}

async function open(units: number) {
  const stock = await openStock(units);
  const { book, clock } = stock;
  const looks: number[] = [];
  const filterReads: number[] = [];
  const broken: { stock: boolean; filters: boolean | 'HANG' } = { stock: false, filters: false };
  const listeners: Parameters<typeof book.onChange>[0][] = [];
  let hearing = true;
  book.onChange((changes) => {
    if (hearing) for (const listener of listeners) listener(changes);
  });
  const seen: typeof book = Object.create(book, {
    onChange: { value: (listener: (typeof listeners)[0]) => listeners.push(listener) },
    stocks: {
      value: (skuIds: readonly string[]) => {
        looks.push(skuIds.length);
        return broken.stock ? Promise.reject(new Error('down')) : book.stocks(skuIds);
      },
    },
    ledger: { value: book.ledger.bind(book) },
    grantsPage: {
      value: (skuId: string, below: number) => {
        filterReads.push(below);
        if (broken.filters === 'HANG') return new Promise(() => {});
        return broken.filters ? Promise.reject(new Error('down')) : book.grantsPage(skuId, below);
      },
    },
  });
  const feed = new StockFeed({ book: seen, clock, log });
  const watch = (o: Partial<WatchOptions> = {}): Watcher => {
    const leaving = new AbortController();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const watcher: Watcher = {
      heard: [],
      ended: undefined,
      leave: () => leaving.abort(),
      release,
    };
    const follow = async () => {
      const { notices = false, skuIds = ['hat'] } = o;
      for await (const update of feed.watch({ skuIds, notices }, leaving.signal)) {
        watcher.heard.push(update);
        if (o.hold) await held;
      }
    };
    follow().catch((error: unknown) => {
      watcher.ended = error;
    });
    return watcher;
  };
  return {
    ...stock,
    looks,
    filterReads,
    watch,
    /** From now on changes are those of another process. */
    deaf: () => {
      hearing = false;
    },
    fail: (now: boolean) => {
      broken.stock = now;
    },
    failFilters: (now: boolean | 'HANG') => {
      broken.filters = now;
    },
  };
}
