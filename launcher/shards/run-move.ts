// Moves a shard of the running mesh, or gives such a move up, and shows how far it is.
import { systemClock } from '../../services/platform/clock.js';
import {
  abortMove,
  type MoveProgress,
  moveShard,
} from '../../services/platform/mysql/shard-move.js';
import { withProgress } from '../demo/progress.js';
import type { ServiceServers } from './shard-servers.js';

/** Longer than any deadline (30 s), so that nobody can still be reading there. */
const KEPT_MS = 60_000;

export interface MoveResult {
  readonly service: string;
  readonly shard: number;
  readonly to: string;
  readonly aborted: boolean;
  /** Rows when it was closed; 0 when another mover had done that already. */
  readonly rows: number;
  /** How long nothing of the shard could be written. */
  readonly closed_ms: number;
  readonly took_ms: number;
}

export interface MoveRequest {
  readonly service: string;
  readonly shard: number;
  /** host:port */
  readonly to: string;
  readonly abort: boolean;
  readonly keptMs?: number;
}

export async function runMove(opened: ServiceServers, request: MoveRequest): Promise<MoveResult> {
  const { service, shard, abort } = request;
  const to = opened.servers.find((server) => server.name === request.to);
  if (!to) {
    const names = opened.servers.map((server) => server.name).join(', ');
    throw new Error(`${request.to} is no server of this mesh. There are: ${names}`);
  }
  const clock = systemClock;
  const startMs = clock.monotonicMs();
  const seen = new Seen();
  const keptMs = request.keptMs ?? KEPT_MS;
  const o = { ...opened, shard, to, clock, keptMs, progress: (now: MoveProgress) => seen.see(now) };
  const bar = {
    name: `shard ${shard}`,
    total: 100,
    done: () => seen.percent,
    note: () => seen.note,
  };
  await withProgress(bar, () => (abort ? abortMove(o) : moveShard(o)));
  const { rows, closedMs } = seen;
  const tookMs = Math.round(clock.monotonicMs() - startMs);
  const times = { closed_ms: closedMs, took_ms: tookMs };
  return { service, shard, to: to.name, aborted: abort, rows, ...times };
}

const NOTES = {
  COPYING: 'copying, while it is written',
  CLOSED: 'closed: the last differences',
  OPEN: 'open on its new server',
  WAITING: 'open on its new server; the old one keeps its rows for a minute',
  CLEANING: 'deleting what is left on the old server',
} as const satisfies Record<MoveProgress['phase'], string>;

class Seen {
  rows = 0;
  closedMs = 0;
  percent = 0;
  note = '';
  #closedAtMs: number | undefined;

  see({ phase, rowsDone, rowsTotal }: MoveProgress): void {
    this.note = NOTES[phase];
    this.percent = rowsTotal === 0 ? 100 : Math.floor((100 * rowsDone) / rowsTotal);
    if (phase === 'CLOSED') {
      this.#closedAtMs ??= systemClock.monotonicMs();
      this.rows = rowsTotal;
    }
    if (phase !== 'OPEN' || this.#closedAtMs === undefined) return;
    this.closedMs = Math.round(systemClock.monotonicMs() - this.#closedAtMs);
  }
}
