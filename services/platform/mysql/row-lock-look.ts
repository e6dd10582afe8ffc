// How long transactions wait for each other's rows, as each MySQL server counts it itself. Every
// process that uses a server tells the same numbers of it; dashboards take the largest.

import type { Look } from '../telemetry/metric-look.js';
import { counters, gauges } from '../telemetry/metrics.js';
import type { MysqlServer, ShardMap } from './connect.js';
import { read } from './statement.js';

const LOOK_MS_MAX = 5_000;

interface StatusRow {
  readonly Variable_name: string;
  readonly Value: string;
}

export function rowLockLook(shards: Pick<ShardMap, 'servers'>): Look {
  const looks = shards.servers.map(watchServer);
  return {
    name: 'row-locks',
    run: async () => {
      await Promise.all(looks.map((look) => look()));
    },
  };
}

function watchServer(server: MysqlServer): () => Promise<void> {
  const { name } = server;
  let waits = 0;
  let timeMs = 0;
  counters('spillway.mysql.row_lock.waits')
    .of(name)
    .observe(() => waits);
  counters('spillway.mysql.row_lock.time')
    .of(name)
    .observe(() => timeMs / 1_000);
  const waiting = gauges('spillway.mysql.row_lock.waiting').of(name);
  return async () => {
    const sql = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock%'";
    const rows = await read<StatusRow>(server, { deadlineMs: Date.now() + LOOK_MS_MAX }, sql);
    const values = new Map(rows.map((row) => [row.Variable_name, Number(row.Value)]));
    waits = values.get('Innodb_row_lock_waits') ?? waits;
    timeMs = values.get('Innodb_row_lock_time') ?? timeMs;
    waiting.set(values.get('Innodb_row_lock_current_waits') ?? 0);
  };
}
