// What an outbox has done and what it still has to do, as metrics. A row that is parked is nobody's
// lag: a person has it. The scan reads the whole table, which is short as long as all is well; when
// it is long, looks rest in proportion (metric-look.ts).

import type { Look } from '../telemetry/metric-look.js';
import { counters, gauges } from '../telemetry/metrics.js';
import type { MysqlServer, ShardMap } from './connect.js';
import type { OutboxStats } from './outbox.js';
import { read } from './statement.js';
import { NOW_MS } from './time.js';

const LOOK_MS_MAX = 5_000;

const BACKLOG = `SELECT COUNT(*) AS waiting, COALESCE(SUM(parked_reason IS NOT NULL), 0) AS parked,
  COALESCE(${NOW_MS} - MIN(IF(parked_reason IS NULL, created_ms, NULL)), 0) AS lag_ms
  FROM outbox WHERE shard_no IN (?)`;

interface BacklogRow {
  readonly waiting: string | number;
  readonly parked: string | number;
  readonly lag_ms: string | number;
}

export function meterOutbox(stats: OutboxStats): void {
  const events = counters('spillway.outbox.events');
  events.of('delivered').observe(() => stats.delivered);
  events.of('relayed').observe(() => stats.relayed);
  events.of('retried').observe(() => stats.retried);
  events.of('parked').observe(() => stats.parked);
  events.of('left_to_relay').observe(() => stats.leftToRelay);
}

export function outboxLook(shards: ShardMap): Look {
  return { name: 'outbox', run: () => lookAtOutbox(shards) };
}

async function lookAtOutbox(shards: ShardMap): Promise<void> {
  const rows = (
    await Promise.all(shards.servers.map((server) => backlogOf(shards, server)))
  ).flat();
  const sum = (of: (row: BacklogRow) => string | number) =>
    rows.reduce((total, row) => total + Number(of(row)), 0);
  const parked = sum((row) => row.parked);
  gauges('spillway.outbox.waiting')
    .of()
    .set(sum((row) => row.waiting) - parked);
  gauges('spillway.outbox.parked').of().set(parked);
  const lagMs = Math.max(0, ...rows.map((row) => Number(row.lag_ms)));
  gauges('spillway.outbox.lag')
    .of()
    .set(lagMs / 1_000);
}

function backlogOf(shards: ShardMap, server: MysqlServer): Promise<BacklogRow[]> {
  const owned = shards.shardsOf(server);
  if (owned.length === 0) return Promise.resolve([]);
  return read<BacklogRow>(server, { deadlineMs: Date.now() + LOOK_MS_MAX }, BACKLOG, [owned]);
}
