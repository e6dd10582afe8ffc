// Promise: a shard moves between real servers while it is written, and nothing is lost, doubled or
// changed: not when the mover dies after any of its commits, not when it is frozen and overtaken, and
// not by a writer that is frozen on either side of its gate.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MoveLostError } from './shard-copy.js';
import { enterGates } from './shard-gate.js';
import { openThings, soon, type Things } from './shard-move.fixture.js';
import { abortMove, MoveRefusedError, moveShard } from './shard-move.js';
import { transact } from './transaction.js';

let things: Things;
beforeAll(async () => {
  things = await openThings();
}, 60_000);
afterAll(() => things?.close());

const ROWS = 2_500;

/** Shards of the first server, each used by one test. */
let shard = 0;
async function filled(rows = 3): Promise<number> {
  shard += 1;
  await transact(things.first, { name: 'fill', ...soon() }, async (tx) => {
    const values = Array.from({ length: rows }, (_, i) => [shard, `u${i % 7}`, BIGS + BigInt(i)]);
    for (let i = 0; i < rows; i += 1_000) {
      const part = values.slice(i, i + 1_000).map((row) => [...row, 'a thing', null, 1]);
      await tx.change(
        'INSERT INTO thing (shard_no, owner_id, thing_id, title, raw, quantity) VALUES ?',
        [part],
      );
    }
  });
  return shard;
}
const BIGS = 2n ** 60n;

class Killed extends Error {}

/** Ends the mover after its nth commit. */
function dyingAfter(commits: number) {
  let made = 0;
  return {
    committed: async () => {
      made += 1;
      if (made === commits) throw new Killed();
    },
  };
}

async function expectMoved(moved: number, before: unknown[]): Promise<void> {
  expect(await things.rowsOn(things.last, moved)).toEqual(before);
  expect(await things.rowsOn(things.first, moved)).toEqual([]);
  expect(await things.states(moved)).toBe('AWAY OPEN');
}

test('what moves is the same afterwards, whatever it holds', async () => {
  const moved = await filled(ROWS);
  const odd = [
    ["it's", 1n, 'a "quoted" \\ ünï☃ 😀', Buffer.from([0, 255, 39, 92]), -5],
    ['null', 2n, null, null, 0],
    ['null', 3n, 'NULL', Buffer.alloc(0), 2_147_483_647],
  ] as const;
  for (const row of odd) await things.put(things.gates, moved, row);
  const before = await things.rowsOn(things.first, moved);
  expect(before).toHaveLength(ROWS + odd.length);
  await moveShard(things.move(moved, things.last));
  await expectMoved(moved, before);
});

test('a mover that dies after any of its commits is followed by one that ends the move', async () => {
  const deaths: string[] = [];
  for (let commits = 1; ; commits++) {
    const moved = await filled();
    const before = await things.rowsOn(things.first, moved);
    const dying = moveShard(things.move(moved, things.last, dyingAfter(commits)));
    const died = await dying.then(
      () => false,
      (error: unknown) => error instanceof Killed,
    );
    deaths.push(await things.states(moved));
    // Rows count in one place at the most, and nowhere only while nobody owns them.
    const owned = deaths.at(-1) !== 'AWAY RECEIVING';
    expect(await things.counting(moved)).toHaveLength(owned ? before.length : 0);
    await moveShard(things.move(moved, things.last));
    await expectMoved(moved, before);
    if (!died) break;
  }
  expect([...new Set(deaths)]).toEqual([
    'OPEN RECEIVING',
    'CLOSED RECEIVING',
    'AWAY RECEIVING',
    'AWAY OPEN',
  ]);
}, 60_000);

test('a move that is given up after any of its commits leaves no trace', async () => {
  const refused: string[] = [];
  for (let commits = 1; commits <= 8; commits++) {
    const kept = await filled();
    const before = await things.rowsOn(things.first, kept);
    await moveShard(things.move(kept, things.last, dyingAfter(commits))).catch(() => undefined);
    const states = await things.states(kept);
    try {
      await abortMove(things.move(kept, things.last));
    } catch (error) {
      expect(error).toBeInstanceOf(MoveRefusedError);
      refused.push(states);
      continue;
    }
    expect(await things.states(kept)).toBe('OPEN AWAY');
    expect(await things.rowsOn(things.first, kept)).toEqual(before);
    expect(await things.rowsOn(things.last, kept)).toEqual([]);
  }
  expect([...new Set(refused)]).toEqual(['AWAY RECEIVING', 'AWAY OPEN']);
}, 60_000);

describe('a mover that was frozen while it copied changes nothing', () => {
  test('once another one has moved on to the end', async () => {
    const moved = await filled(ROWS);
    const frozen = await frozenCopying(moved);
    await moveShard(things.move(moved, things.last));
    await things.put(things.gates, moved, ['later', 1n, 'new', null, 1]);
    const after = await things.rowsOn(things.last, moved);
    await frozen.wakesLost();
    expect(after).toHaveLength(ROWS + 1);
    await expectMoved(moved, after);
  });

  test('once another one has begun to go on', async () => {
    const moved = await filled(ROWS);
    const frozen = await frozenCopying(moved);
    await moveShard(things.move(moved, things.last, dyingAfter(1))).catch(() => undefined);
    const before = await things.rowsOn(things.last, moved);
    await frozen.wakesLost();
    expect(await things.rowsOn(things.last, moved)).toEqual(before);
    const rows = await things.rowsOn(things.first, moved);
    await moveShard(things.move(moved, things.last));
    await expectMoved(moved, rows);
  });
});

/** A mover that stands still after its first chunk. */
async function frozenCopying(moved: number) {
  let wake = () => {};
  const awake = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const copied = new Promise<void>((atChunk) => {
    const committed = async (what: string) => {
      if (what !== 'CHUNK') return;
      atChunk();
      await awake;
    };
    lost = moveShard(things.move(moved, things.last, { committed })).then(
      () => undefined,
      (error: unknown) => error,
    );
  });
  await copied;
  return {
    async wakesLost() {
      wake();
      expect(await lost).toBeInstanceOf(MoveLostError);
    },
  };
}
let lost: Promise<unknown>;

describe('a writer that is frozen', () => {
  const insert = 'INSERT INTO thing (shard_no, owner_id, thing_id, quantity) VALUES ?';

  test('after its gate statement: the mover waits for it, and takes what it wrote', async () => {
    const moved = await filled();
    let turnedAway = false;
    let moving: Promise<void> | undefined;
    await transact(things.first, { name: 'frozen', ...soon(), gated: true }, async (tx) => {
      expect((await enterGates(tx, [moved])).refused.size).toBe(0);
      moving = moveShard(
        things.move(moved, things.last, {
          committed: async (what) => {
            if (what === 'CLOSED') turnedAway = true;
          },
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(turnedAway).toBe(false);
      await tx.change(insert, [[[moved, 'frozen', 1n, 1]]]);
    });
    await moving;
    const rows = await things.rowsOn(things.last, moved);
    expect(rows.filter((row) => row['owner_id'] === 'frozen')).toHaveLength(1);
    await expectMoved(moved, rows);
  }, 20_000);

  test('before it: it finds its shard gone, and writes nothing', async () => {
    const moved = await filled();
    const before = await things.rowsOn(things.first, moved);
    await transact(things.first, { name: 'frozen', ...soon(), gated: true }, async (tx) => {
      await tx.rows('SELECT thing_id FROM thing WHERE shard_no = ? LOCK IN SHARE MODE', [
        moved + 1,
      ]);
      await moveShard(things.move(moved, things.last));
      expect([...(await enterGates(tx, [moved])).refused]).toEqual([moved]);
    });
    await expectMoved(moved, before);
  });

  test('whoever forgets the gate writes nothing', async () => {
    const o = { name: 'forgetful', ...soon(), gated: true };
    const writing = transact(things.first, o, (tx) => tx.change(insert, [[[5, 'x', 1n, 1]]]));
    await expect(writing).rejects.toThrow('before its gate is locked');
  });
});

test('to and fro under writers of two processes: each row counts once, and is found all the time', async () => {
  const moved = await filled(ROWS);
  const processes = [await things.another(), await things.another()];
  let done = false;
  let written = 0;
  const writers = [0, 1, 2, 3].map(async (writer) => {
    const gates = processes[writer % 2] as Things['gates'];
    for (let i = 0; !done; i++) {
      await things.put(gates, moved, [`w${writer}`, BigInt(i), 'busy', null, 1]);
      written += 1;
    }
  });
  for (let turn = 0; turn < 6; turn++) {
    await moveShard(things.move(moved, turn % 2 === 0 ? things.last : things.first));
  }
  done = true;
  await Promise.all(writers);
  expect(written).toBeGreaterThan(20);
  expect(await things.rowsOn(things.first, moved)).toHaveLength(ROWS + written);
  expect(await things.rowsOn(things.last, moved)).toEqual([]);
  for (const gates of processes) await gates.shards.close();
}, 60_000);

describe('a move is refused', () => {
  test('when the shard is on its way elsewhere, and nothing changes', async () => {
    const moved = await filled();
    await moveShard(things.move(moved, things.last, dyingAfter(2))).catch(() => undefined);
    const back = moveShard(things.move(moved, things.first));
    await expect(back).rejects.toThrow(MoveRefusedError);
    expect(await things.states(moved)).toMatch(/RECEIVING/);
  });

  test('when the servers have different tables', async () => {
    const moved = await filled();
    const connection = await things.last.connect();
    await connection.query(`ALTER TABLE ${things.name}.thing ADD COLUMN more INT NULL`);
    const moving = moveShard(things.move(moved, things.last));
    await expect(moving).rejects.toThrow('different tables');
    await connection.query(`ALTER TABLE ${things.name}.thing DROP COLUMN more`);
    await connection.end();
    expect(await things.states(moved)).toBe('OPEN AWAY');
  });
});
