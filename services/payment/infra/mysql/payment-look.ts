// Which payments wait for their provider, and which have waited too long. Only rows that the resolver
// still has to look at are read, up to a bound: they are the open ones.

import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { read } from '../../../platform/mysql/transaction.js';
import type { Look } from '../../../platform/telemetry/metric-look.js';
import { gauges } from '../../../platform/telemetry/metrics.js';
import { stateCode } from './rows.js';

/** More is a provider that is down; how many exactly is then of no use to anybody. */
const ROWS_MAX = 10_000;
const LOOK_MS_MAX = 5_000;
/** The resolver asks the provider every few minutes; a minute after the deadline it has begun to. */
const STUCK_AFTER_MS = 60_000;

const OPEN_STATES = ['PENDING', 'INITIALISED', 'PROCESSING'] as const;

const SELECT_OPEN = `SELECT state, COUNT(*) AS payments,
  SUM(deadline_ms < ${NOW_MS} - ${STUCK_AFTER_MS}) AS stuck FROM (
    SELECT state, deadline_ms FROM payment FORCE INDEX (due)
    WHERE due_ms IS NOT NULL AND shard_no IN (?) ORDER BY due_ms LIMIT ${ROWS_MAX}
  ) AS open_ones GROUP BY state`;

interface OpenRow {
  readonly state: number;
  readonly payments: string | number;
  readonly stuck: string | number;
}

export function paymentLook(shards: ShardMap): Look {
  return { name: 'payments', run: () => lookAtPayments(shards) };
}

async function lookAtPayments(shards: ShardMap): Promise<void> {
  const rows = (await Promise.all(shards.servers.map((server) => openOn(shards, server)))).flat();
  for (const state of OPEN_STATES) {
    const ofState = rows.filter((row) => row.state === stateCode(state));
    const payments = ofState.reduce((sum, row) => sum + Number(row.payments), 0);
    gauges('spillway.payment.open').of(state).set(payments);
  }
  const stuck = rows.reduce((sum, row) => sum + Number(row.stuck), 0);
  gauges('spillway.payment.stuck').of().set(stuck);
}

function openOn(shards: ShardMap, server: MysqlServer): Promise<OpenRow[]> {
  const owned = shards.shardsOf(server);
  if (owned.length === 0) return Promise.resolve([]);
  return read<OpenRow>(server, { deadlineMs: Date.now() + LOOK_MS_MAX }, SELECT_OPEN, [owned]);
}
