// Moves shards of a test mesh's orders between its two MySQL servers, and says what lies where.
import { createConnection } from 'mysql2/promise';
import { type MoveResult, runMove } from '../../launcher/shards/run-move.js';
import { listShards } from '../../launcher/shards/shard-list.js';
import { withServers } from '../../launcher/shards/shard-servers.js';
import { configFields } from '../../services/platform/config.js';
import type { TestMesh } from './test-mesh.js';

/** A minute for strangers; here nobody reads that long. */
const KEPT_MS = 300;

export class ShardMover {
  readonly #urls: readonly string[];
  readonly #database = `${process.env.MYSQL_DATABASE_PREFIX}order`;

  constructor(mesh: TestMesh) {
    const ranges = configFields.mysqlShards.parse(mesh.serviceEnv.MYSQL_SHARDS);
    this.#urls = ranges.map(({ url }) => url);
  }

  /** To the server that does not have it. */
  async move(shard: number): Promise<MoveResult> {
    return await withServers(
      { mysqlUrls: this.#urls, database: this.#database },
      async (opened) => {
        const places = await listShards(opened);
        const from = places[shard]?.server;
        const to = opened.servers.find((server) => server.name !== from)?.name ?? '';
        const service = 'order';
        return await runMove(opened, { service, shard, to, abort: false, keptMs: KEPT_MS });
      },
    );
  }

  /** The order ids of a shard that lie on each server, whether they count there or not. */
  async lying(shard: number): Promise<{ onOwner: string[]; elsewhere: string[] }> {
    const lying = { onOwner: [] as string[], elsewhere: [] as string[] };
    for (const url of this.#urls) {
      const exact = { supportBigNumbers: true, bigNumberStrings: true };
      const connection = await createConnection({ uri: url, ...exact });
      const [rows] = await connection.query(
        `SELECT order_id, (SELECT state FROM ${this.#database}.shard_gate g
           WHERE g.shard_no = o.shard_no) AS gate
         FROM ${this.#database}.orders o WHERE shard_no = ? AND o.state <> 0`,
        [shard],
      );
      await connection.end();
      for (const row of rows as { order_id: string; gate: number }[]) {
        (row.gate === 1 ? lying.onOwner : lying.elsewhere).push(row.order_id);
      }
    }
    return lying;
  }
}
