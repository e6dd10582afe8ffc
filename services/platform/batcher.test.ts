import { describe, expect, test } from '@jest/globals';
import { Batcher, type BatcherOptions, OverloadedError } from './batcher.js';
import { ManualClock } from './clock.js';

const FAR_MS = Number.MAX_SAFE_INTEGER;

// A batcher whose runs end when the test says so; it records the batches that were started.
function manual(o: Partial<BatcherOptions<string, string>> = {}) {
  const clock = new ManualClock();
  const batches: string[][] = [];
  const deadlines: number[] = [];
  const finish: (() => void)[] = [];
  const batcher = new Batcher<string, string>({
    name: 'test',
    run: async (items, { deadlineMs }) => {
      batches.push(items);
      deadlines.push(deadlineMs);
      await new Promise<void>((resolve) => finish.push(resolve));
      return items.map((item) => item.toUpperCase());
    },
    itemsMax: 3,
    ageMsMax: 1_000,
    queueMax: 100,
    concurrency: 1,
    clock,
    ...o,
  });
  const addAll = (items: string[], deadlineMs = FAR_MS) =>
    items.map((item) => outcome(batcher.add(item, deadlineMs)));
  // Ends the oldest run and lets the next one start.
  const next = async () => {
    finish.shift()?.();
    await clock.advance(0);
    await clock.advance(0);
  };
  return { batcher, clock, batches, deadlines, addAll, next };
}

function outcome(promise: Promise<string>): Promise<string> {
  return promise.catch((error: Error) => error.name);
}

describe('what becomes one batch', () => {
  const cases: [string, Partial<BatcherOptions<string, string>>, string[], string[][]][] = [
    ['one item', {}, ['a'], [['a']]],
    ['one turn travels together', {}, ['a', 'b'], [['a', 'b']]],
    ['at most itemsMax, in order', {}, ['a', 'b', 'c', 'd'], [['a', 'b', 'c'], ['d']]],
    [
      'at most bytesMax, in order',
      { bytesMax: 4, sizeOf: (item) => item.length },
      ['aaa', 'bb', 'c', 'dddd'],
      [['aaa'], ['bb', 'c'], ['dddd']],
    ],
    [
      'a small item does not overtake a large one',
      { bytesMax: 4, sizeOf: (item) => item.length },
      ['aa', 'bbb', 'c'],
      [['aa'], ['bbb', 'c']],
    ],
  ];
  test.each(cases)('%s', async (_, options, items, expected) => {
    const { addAll, batches, next } = manual(options);
    const results = addAll(items);
    await next();
    for (let i = 0; i < expected.length; i++) await next();
    expect(batches).toEqual(expected);
    expect(await Promise.all(results)).toEqual(items.map((item) => item.toUpperCase()));
  });

  test('what arrives while a batch is in flight gathers into the next', async () => {
    const { addAll, batches, next } = manual();
    void addAll(['a']);
    await next();
    void addAll(['b']);
    await nextTurn();
    void addAll(['c']);
    await nextTurn();
    expect(batches).toEqual([['a']]);
    await next();
    expect(batches).toEqual([['a'], ['b', 'c']]);
  });

  test('never more than `concurrency` runs in flight', async () => {
    const { addAll, batches, next } = manual({ concurrency: 2, itemsMax: 1 });
    void addAll(['a', 'b', 'c']);
    await nextTurn();
    expect(batches).toEqual([['a'], ['b']]);
    await next();
    expect(batches).toEqual([['a'], ['b'], ['c']]);
  });

  test('a batch has the latest deadline of its items', async () => {
    const { batcher, clock, deadlines, next } = manual();
    const nowMs = clock.nowMs();
    void batcher.add('a', nowMs + 50);
    void batcher.add('b', nowMs + 90);
    void batcher.add('c', nowMs + 70);
    await next();
    expect(deadlines).toEqual([nowMs + 90]);
  });
});

describe('what is refused, and never started', () => {
  test('an item that finds the queue full', async () => {
    const { batcher, addAll, batches, next } = manual({ queueMax: 2 });
    const results = addAll(['a', 'b', 'c']);
    await next();
    await next();
    expect(await Promise.all(results)).toEqual(['A', 'B', 'OverloadedError']);
    expect(batches).toEqual([['a', 'b']]);
    expect(batcher.stats).toEqual({ batches: 1, items: 2, sizeMax: 2, refused: 1 });
  });

  test.each([
    ['a deadline that passed in the queue', 50, 5_000, 60, 'DeadlineError'],
    ['a deadline that is exactly now', 50, 5_000, 50, 'DeadlineError'],
    ['a wait above ageMsMax', 5_000, 100, 101, 'OverloadedError'],
    ['neither', 50, 100, 49, 'LATE'],
  ])('%s', async (_, deadlineInMs, ageMsMax, waitMs, expected) => {
    const { addAll, clock, next } = manual({ ageMsMax });
    void addAll(['first']);
    await next();
    const [late] = addAll(['late'], clock.nowMs() + deadlineInMs);
    await clock.advance(waitMs);
    const [fresh] = addAll(['fresh']);
    await next();
    await next();
    expect(await late).toBe(expected);
    expect(await fresh).toBe('FRESH');
  });

  test('an overloaded caller is told when to come back', async () => {
    const { batcher } = manual({ queueMax: 1 });
    void batcher.add('a', FAR_MS);
    const error = await batcher.add('b', FAR_MS).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OverloadedError);
    expect((error as OverloadedError).retryAfterMs).toBeGreaterThanOrEqual(1);
  });

  test('an item larger than a whole batch is a bug', async () => {
    const { batcher } = manual({ bytesMax: 2, sizeOf: (item) => item.length });
    await expect(batcher.add('aaa', FAR_MS)).rejects.toThrow('larger than a whole batch');
  });
});

describe('failure of a run', () => {
  test.each([
    ['throws', async () => Promise.reject(new Error('broken')), 'broken'],
    ['throws at once', () => fail('broken'), 'broken'],
    ['answers too few results', async () => ['only one'], 'one result per item'],
  ])('a run that %s rejects all its items, and the next batch runs', async (_, run, message) => {
    let calls = 0;
    const { batcher } = manual({
      run: (items) => (calls++ === 0 ? run() : Promise.resolve(items)),
      itemsMax: 2,
    });
    const [a, b, c] = ['a', 'b', 'c'].map((item) => batcher.add(item, FAR_MS));
    await expect(a).rejects.toThrow(message);
    await expect(b).rejects.toThrow(message);
    await expect(c).resolves.toBe('c');
  });
});

describe('stop', () => {
  test('refuses new items and drains the accepted ones', async () => {
    const { batcher, addAll, next } = manual({ itemsMax: 1 });
    const accepted = addAll(['a', 'b']);
    let stopped = false;
    const stop = batcher.stop().then(() => {
      stopped = true;
    });
    expect(await Promise.all(addAll(['c']))).toEqual(['OverloadedError']);
    await next();
    await next();
    expect(stopped).toBe(false);
    await next();
    await stop;
    expect(await Promise.all(accepted)).toEqual(['A', 'B']);
  });

  test('resolves at once when idle, and also when all that waits is refused', async () => {
    const { batcher, clock } = manual();
    const late = outcome(batcher.add('late', clock.nowMs()));
    await batcher.stop();
    expect(await late).toBe('DeadlineError');
    await batcher.stop();
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function fail(message: string): never {
  throw new Error(message);
}
