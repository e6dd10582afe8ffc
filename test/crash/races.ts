// Promise: however many want few units over two processes at once, exactly as many have them; copies of
// a request hear one answer; of confirm, release and check-back exactly one ends a reservation.
// Method: everything at once, duplicates to both processes; 2,000 reservations whose hold ends while
// they are confirmed through one process and released through the other.
import { expect, test } from '@jest/globals';
import { CloseOutcome } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import { type MeshClients, patiently, soon } from '../harness/clients.js';
import { crowd, eventually, fresh, tally } from '../harness/shop.js';
import { type Answer, answersTo, type CrashStage, type Wanted } from './crash-stage.js';

const HAS_IT = new Set(['RESERVED', 'DUPLICATE']);

export function races(stage: () => CrashStage): void {
  const both = () => stage().inventories;

  test.each([
    [1, 60],
    [7, 200],
    [100, 500],
  ])(
    '%d units for %d racers over two processes',
    async (units, racers) => {
      const sku = await stage().restocked(units);
      const buyers = Array.from({ length: racers }, () => buyerOf(sku));
      const answers = await Promise.all(buyers.map((buyer) => askBoth(both(), buyer)));
      const winners = answers.filter((copies) => HAS_IT.has(copies[0]?.word ?? ''));
      expect(winners).toHaveLength(units);
      for (const copies of answers) expect(new Set(copies.map(gist)).size).toBe(1);
      const losers = answers.flat().filter(({ word }) => !HAS_IT.has(word));
      expect(tally(losers.map(({ word }) => word))).toEqual({ SOLD_OUT: losers.length });
      expect(await stage().books([sku])).toBe(`0/${units}/0`);
      await stage().agrees(sku);
    },
    30_000,
  );

  test('a limit per user holds over two processes', async () => {
    const [units, limit, users, tries] = [200, 3, 10, 20];
    const sku = await stage().restocked(units);
    const buyers = Array.from({ length: users * tries }, (_, i) => ({
      ...buyerOf(sku),
      user: `greedy-${sku}-${i % users}`,
      limit,
    }));
    const answers = await Promise.all(buyers.map((buyer) => askBoth(both(), buyer)));
    const had = buyers.filter((_, i) => HAS_IT.has(answers[i]?.[0]?.word ?? ''));
    expect(Object.values(tally(had.map(({ user }) => user)))).toEqual(new Array(users).fill(limit));
    expect(await stage().books([sku])).toBe(`${units - users * limit}/${users * limit}/0`);
    await stage().agrees(sku);
  }, 30_000);

  test('confirm, release and the end of the hold: 2,000 times exactly one wins', async () => {
    const address = `${LOOPBACK}:${await freePort()}`;
    const env = { HOLD_MS: `${HELD_MS}`, CHECK_BACK_INTERVAL_MS: '50' };
    const ender = await stage().start('inventory', address, env);
    try {
      const { inventory } = stage().mesh.connect({ inventory: [address] });
      await raceToTheEnd(stage(), inventory, both());
    } finally {
      await ender.stop();
    }
  }, 60_000);
}

const TRIALS = 2_000;
const RESERVED_AT_ONCE = 500;
const ENDED_AT_ONCE = 10;
const TRIES_MAX = 10;
const HELD_MS = 1_500;
/** Around the end of the hold. Check-back comes later on a busy machine, and shall win some too. */
const BEFORE_MS = 500;
const SPREAD_MS = 2_000;
/** What check-back has claimed and not ended is looked at again after five seconds. */
const ENDED_MS_MAX = 12_000;

type Inventory = MeshClients['inventory'];
type Verb = 'batchConfirm' | 'batchRelease';
interface Held {
  readonly reservationId: string;
  readonly skuIds: string[];
  readonly orderId: string;
}

async function raceToTheEnd(
  stage: CrashStage,
  holder: Inventory,
  [left, right]: readonly Inventory[],
): Promise<void> {
  if (left === undefined || right === undefined) throw new Error('two processes are wanted');
  const sku = await stage.restocked(TRIALS);
  const groups = await reserveAll(holder, sku);
  const turns = groups.flatMap(({ held, dueMs }, i) => {
    // A third is only confirmed, a third only released: there the end of the hold is the rival.
    const confirm = { verb: 'batchConfirm' as const, via: left, held, dueMs };
    const release = { verb: 'batchRelease' as const, via: right, held, dueMs };
    return i % 3 === 0 ? [confirm] : i % 3 === 1 ? [release] : [confirm, release];
  });
  const wins = { batchConfirm: new Set<string>(), batchRelease: new Set<string>() };
  await crowd(turns, turns.length, async ({ verb, via, held, dueMs }) => {
    const atMs = dueMs - BEFORE_MS + Math.random() * SPREAD_MS;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - Date.now())));
    for (const id of await doneBy(via, verb, held)) wins[verb].add(id);
  });
  const sold = wins.batchConfirm.size;
  const end = `${TRIALS - sold}/0/${sold}`;
  let books = '';
  await eventually(
    () => `${books}, not ${end}`,
    async () => {
      books = await stage.books([sku]);
      return books === end;
    },
    ENDED_MS_MAX,
  );
  expect([...wins.batchConfirm].filter((id) => wins.batchRelease.has(id))).toEqual([]);
  // Each kind of race was really won and lost, and asked again everybody hears the same.
  expect(sold).toBeGreaterThan(0);
  expect(TRIALS - sold).toBeGreaterThan(wins.batchRelease.size);
  const all = groups.flatMap(({ held }) => held);
  expect(await doneBy(right, 'batchConfirm', all)).toEqual(wins.batchConfirm);
  const released = await doneBy(left, 'batchRelease', all);
  expect(released.size).toBe(TRIALS - sold);
  expect([...wins.batchRelease].filter((id) => !released.has(id))).toEqual([]);
  await stage.agrees(sku);
}

/** Groups that end together, with the time when their hold does. */
async function reserveAll(
  inventory: Inventory,
  sku: string,
): Promise<{ held: Held[]; dueMs: number }[]> {
  const groups: { held: Held[]; dueMs: number }[] = [];
  const buyers = Array.from({ length: TRIALS }, () => buyerOf(sku));
  for (const some of chunks(buyers, RESERVED_AT_ONCE)) {
    const answers = await answersTo(inventory, some);
    const dueMs = Date.now() + HELD_MS;
    expect(answers.filter(({ word }) => !HAS_IT.has(word))).toEqual([]);
    const held = some.map(({ id, skus }, i) => {
      const orderId = answers[i]?.orderId ?? '';
      return { reservationId: id, skuIds: [...skus], orderId };
    });
    for (const group of chunks(held, ENDED_AT_ONCE)) groups.push({ held: group, dueMs });
  }
  return groups;
}

/** The reservations that the verb has ended. */
async function doneBy(
  inventory: Inventory,
  verb: Verb,
  held: readonly Held[],
): Promise<Set<string>> {
  const done = new Set<string>();
  for (const some of chunks(held, RESERVED_AT_ONCE)) {
    let reservations = some;
    for (let tries = 0; reservations.length > 0; tries += 1) {
      if (tries === TRIES_MAX) throw new Error(`${verb} stays unknown`);
      const { outcomes } = await patiently<{ outcomes: CloseOutcome[] }>(() =>
        inventory[verb]({ reservations }, soon()),
      );
      const are = (word: CloseOutcome) => reservations.filter((_, i) => outcomes[i] === word);
      for (const { reservationId } of are(CloseOutcome.DONE)) done.add(reservationId);
      reservations = are(CloseOutcome.UNKNOWN);
    }
  }
  return done;
}

function buyerOf(sku: string): Wanted {
  return { id: fresh('race-r'), user: fresh('racer'), skus: [sku] };
}

/** Every third buyer is impatient: four copies, two to each process. */
async function askBoth(inventories: readonly Inventory[], buyer: Wanted): Promise<Answer[]> {
  const copies = Number(buyer.id.split('-').at(-1)) % 3 === 0 ? 4 : 1;
  const from = Math.floor(Math.random() * inventories.length);
  const asked = Array.from({ length: copies }, async (_, i) => {
    const inventory = inventories[(from + i) % inventories.length] as Inventory;
    const [answer] = await answersTo(inventory, [buyer]);
    return answer as Answer;
  });
  return await Promise.all(asked);
}

/** RESERVED and DUPLICATE say the same, and the order id is what they say. */
function gist({ word, orderId }: Answer): string {
  return HAS_IT.has(word) ? orderId : word;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
