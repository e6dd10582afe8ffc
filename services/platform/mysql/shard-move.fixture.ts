// For tests: a database with gates on two real servers, and something sharded in it to move.

import { systemClock } from '../clock.js';
import { silent, testUrl } from '../real-servers.fixture.js';
import { SHARDS } from '../shard.js';
import { connectShards, type MysqlServer } from './connect.js';
import { createTestDatabase } from './database.fixture.js';
import { readGates } from './gate-rows.js';
import { enterGates, NOT_OWNER, ownedHere, SHARD_GATE_TABLE } from './shard-gate.js';
import { ShardGates } from './shard-gates.js';
import type { MoveOptions } from './shard-move.js';
import { change, read, type SqlValue, transact } from './transaction.js';

/** A key of two columns, one of them text, and a column of each kind that tables have. */
const THING_TABLE = `CREATE TABLE IF NOT EXISTS thing (
  shard_no TINYINT UNSIGNED NOT NULL,
  owner_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  thing_id BIGINT NOT NULL,
  title VARCHAR(200) NULL,
  raw VARBINARY(64) NULL,
  quantity INT NOT NULL,
  PRIMARY KEY (shard_no, owner_id, thing_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

export const soon = () => ({ deadlineMs: Date.now() + 10_000 });

export type Things = Awaited<ReturnType<typeof openThings>>;

export async function openThings() {
  const urls = [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')];
  const database = await createTestDatabase({ urls, poolSize: 12 });
  const { name, shards, first, last } = database;
  for (const server of shards.servers) {
    for (const sql of [SHARD_GATE_TABLE, THING_TABLE]) await change(server, soon(), sql);
  }
  /** As another process knows the gates. */
  const another = async (clock = systemClock) => {
    const [one, other] = urls;
    const map = connectShards({
      shards: [
        { from: 0, to: SHARDS / 2 - 1, url: one as string },
        { from: SHARDS / 2, to: SHARDS - 1, url: other as string },
      ],
      database: name,
      poolSize: 4,
      log: silent,
    });
    const gates = new ShardGates({ shards: map, database: name, clock, log: silent });
    await gates.open();
    return gates;
  };
  const gates = new ShardGates({ shards, database: name, clock: systemClock, log: silent });
  await gates.open();
  return {
    name,
    first,
    last,
    shards,
    gates,
    another,
    put: (
      of: ShardGates,
      shard: number,
      row: readonly SqlValue[],
      deadlineMs = soon().deadlineMs,
    ) => of.write(shard, deadlineMs, (server) => putOn(server, shard, row, deadlineMs)),
    move: (shard: number, to: MysqlServer, changes: Partial<MoveOptions> = {}): MoveOptions => ({
      servers: shards.servers,
      database: name,
      shard,
      to,
      clock: systemClock,
      keptMs: 0,
      progress: () => undefined,
      ...changes,
    }),
    /** Of one shard, on a server, whether they count there or not. */
    rowsOn: (server: MysqlServer, shard: number) =>
      read<Record<string, unknown>>(
        server,
        soon(),
        `SELECT owner_id, thing_id, title, HEX(raw) AS raw, quantity FROM thing
         WHERE shard_no = ? ORDER BY owner_id, thing_id`,
        [shard],
      ),
    /** Those that count, on all servers. */
    counting: async (shard: number) => {
      const sql = `SELECT owner_id, thing_id FROM thing WHERE shard_no = ? AND ${ownedHere('thing')}`;
      const parts = await Promise.all(
        shards.servers.map((server) => read<{ owner_id: string }>(server, soon(), sql, [shard])),
      );
      return parts.flat();
    },
    states: async (shard: number) => {
      const parts = shards.servers.map((server) => readGates(server, soon().deadlineMs));
      const found = (await Promise.all(parts)).flat().filter((gate) => gate.shard === shard);
      return found.map(({ state }) => state).join(' ');
    },
    close: () => database.drop(),
  };
}

async function putOn(
  server: MysqlServer,
  shard: number,
  row: readonly SqlValue[],
  deadlineMs: number,
) {
  return await transact(server, { name: 'thing.put', deadlineMs, gated: true }, async (tx) => {
    const { refused } = await enterGates(tx, [shard]);
    if (refused.size > 0) return NOT_OWNER;
    await tx.change(
      'INSERT INTO thing (shard_no, owner_id, thing_id, title, raw, quantity) VALUES ?',
      [[[shard, ...row]]],
    );
    return server.name;
  });
}
