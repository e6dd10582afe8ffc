// Moves one logical shard of a service to another server while its rows are read and written, or gives
// such a move up. See docs/decisions/0004 for why each step is safe.
//
// 1. The target's gate becomes RECEIVING, and the rows are copied and compared until little differs.
// 2. The source's gate is CLOSED, and what differs now is copied until nothing does.
// 3. The source's gate becomes AWAY, and then the target's OPEN.
// 4. When nobody can be reading there any more, the source's rows are deleted.
//
// Invariant: every change of a gate names the state and the epoch that it was read in. Of two movers,
// or of one that was frozen and its follower, at most one takes each step.

import type { Clock } from '../clock.js';
import type { MysqlServer } from './connect.js';
import { UnavailableError } from './errors.js';
import { type Gate, isOwner, readGates, withGateLock } from './gate-rows.js';
import { type MoveStep, nextMoveStep } from './next-move-step.js';
import { type Chunk, countRows, deleteRows, MoveLostError, ShardCopy } from './shard-copy.js';
import { type GateState, gateStates } from './shard-gate.js';
import { readShardTables, type ShardTable } from './shard-tables.js';
import { change } from './statement.js';
import { NOW_MS } from './time.js';

export interface MoveProgress {
  readonly phase: 'COPYING' | 'CLOSED' | 'OPEN' | 'WAITING' | 'CLEANING';
  /** Of the source's rows, in the present pass over them. */
  readonly rowsDone: number;
  readonly rowsTotal: number;
}

export interface MoveOptions {
  /** Every server of the service. */
  readonly servers: readonly MysqlServer[];
  readonly database: string;
  readonly shard: number;
  readonly to: MysqlServer;
  readonly clock: Clock;
  /** How long the source keeps its rows: longer than anybody may be reading what belongs to them. */
  readonly keptMs: number;
  readonly progress: (now: MoveProgress) => void;
  /** After each commit. */
  readonly committed?: (what: string) => Promise<void>;
}

export class MoveRefusedError extends Error {
  override readonly name = 'MoveRefusedError';
}

// Orders go on meanwhile, so a pass finds what changed during the one before; a pass that finds so few
// would not be much shorter the next time, nor would the sixth.
const CHUNKS_LEFT_MAX = 100;
const PASSES_MAX = 5;
// Behind a closed gate only deliveries of the outbox that were under way still delete rows.
const SETTLE_PASSES_MAX = 50;
const SETTLE_PAUSE_MS = 20;
// A writer that is frozen holds its gates for 3 s, on MySQL for 30 s, and each wait ends after 2 s.
const TURNS_MAX = 20;
const TURN_PAUSE_MS = 200;
const STATEMENT_MS_MAX = 5_000;
/** `status` reports a closed gate that was not touched for six times as long. */
const TOUCH_INTERVAL_MS = 5_000;

/** Ends when the shard lives on the target and nothing of it lies elsewhere. Repeatable. */
export async function moveShard(o: MoveOptions): Promise<void> {
  const tables = await tablesOf(o);
  for (;;) {
    const gates = await gatesOf(o);
    const next = nextMoveStep(gates, o.to.name);
    if (next.step === 'REFUSED') throw new MoveRefusedError(`shard ${o.shard}: ${next.reason}`);
    if (next.step === 'CLEAN') return await clean(o, tables, gates, o.keptMs);
    await take(o, tables, next, 1 + Math.max(...gates.map((gate) => gate.epoch)));
  }
}

/** Before the source is AWAY: the source goes on, and the copy is deleted. Repeatable. */
export async function abortMove(o: MoveOptions): Promise<void> {
  const tables = await tablesOf(o);
  const gates = await gatesOf(o);
  const owner = gates.find(isOwner);
  const target = gates.find((gate) => gate.server === o.to);
  if (!owner || owner === target) {
    const advice = 'run the move again to its end, and then one back';
    throw new MoveRefusedError(`shard ${o.shard} has left its former server: ${advice}`);
  }
  if (owner.state === 'CLOSED' && owner.peer !== o.to.name) {
    throw new MoveRefusedError(`shard ${o.shard} is on its way to ${owner.peer}`);
  }
  const epoch = 1 + Math.max(...gates.map((gate) => gate.epoch));
  if (owner.state === 'CLOSED') await turn(o, owner, { state: 'OPEN', epoch, peer: '' });
  if (target?.state === 'RECEIVING') {
    await turn(o, target, { state: 'AWAY', epoch, peer: owner.server.name });
  }
  // Nobody has ever read the copy.
  await clean(o, tables, await gatesOf(o), 0);
}

async function take(
  o: MoveOptions,
  tables: readonly ShardTable[],
  next: Extract<MoveStep, { readonly source: Gate }>,
  epoch: number,
): Promise<void> {
  const { source, target } = next;
  const [from, to] = [source.server.name, target.server.name];
  if (next.step === 'OPEN') {
    await turn(o, target, { state: 'OPEN', epoch, peer: '' });
    return o.progress({ phase: 'OPEN', rowsDone: 0, rowsTotal: 0 });
  }
  // Taken anew by whoever goes on, so that a mover that was frozen cannot write any more.
  const receiving = { state: 'RECEIVING', epoch, peer: from } as const;
  const receive = () => turn(o, target, receiving);
  // Nobody else may be placing gates when the first one becomes RECEIVING.
  await (target.state === 'AWAY' ? withGateLock(o.servers, o.database, receive) : receive());
  if (next.step === 'COPY') {
    await copyPasses(o, tables, source, receiving);
    return turn(o, source, { state: 'CLOSED', epoch, peer: to });
  }
  const closed = { ...source, state: 'CLOSED', epoch, peer: to } as const;
  await turn(o, source, closed);
  if (await settle(o, tables, closed, receiving)) {
    return turn(o, closed, { state: 'AWAY', epoch: epoch + 1, peer: to });
  }
  await turn(o, closed, { state: 'OPEN', epoch: epoch + 1, peer: '' });
  throw new MoveRefusedError(`shard ${o.shard} does not come to rest; its server goes on with it`);
}

async function copyPasses(
  o: MoveOptions,
  tables: readonly ShardTable[],
  source: Gate,
  receiving: { readonly epoch: number },
): Promise<void> {
  for (let pass = 1; pass <= PASSES_MAX; pass++) {
    const copy = await openCopy(o, tables, source, receiving.epoch, 'COPYING');
    if ((await copy.pass()).length < CHUNKS_LEFT_MAX) return;
  }
}

/** True when a pass over what differed has found no difference any more. */
async function settle(
  o: MoveOptions,
  tables: readonly ShardTable[],
  source: Gate,
  receiving: { readonly epoch: number },
): Promise<boolean> {
  const copy = await openCopy(o, tables, source, receiving.epoch, 'CLOSED');
  let differing: readonly Chunk[] = await copy.pass();
  for (let pass = 1; differing.length > 0; pass++) {
    if (pass > SETTLE_PASSES_MAX) return false;
    if (pass > 1) await o.clock.sleep(SETTLE_PAUSE_MS);
    differing = await copy.again(differing);
  }
  return true;
}

async function openCopy(
  o: MoveOptions,
  tables: readonly ShardTable[],
  source: Gate,
  epoch: number,
  phase: 'COPYING' | 'CLOSED',
): Promise<ShardCopy> {
  const { shard, clock, progress, to } = o;
  const rowsTotal = await countRows(source.server, { shard, tables, ...soon(o) });
  let rowsDone = 0;
  let touchedMs = clock.monotonicMs();
  progress({ phase, rowsDone, rowsTotal });
  return new ShardCopy({
    shard,
    source: source.server,
    target: to,
    tables,
    epoch,
    nowMs: () => clock.nowMs(),
    looked: async (rows) => {
      rowsDone += rows;
      progress({ phase, rowsDone: Math.min(rowsDone, rowsTotal), rowsTotal });
      if (clock.monotonicMs() - touchedMs < TOUCH_INTERVAL_MS) return;
      touchedMs = clock.monotonicMs();
      if (phase === 'CLOSED') await touch(o, source);
    },
    copied: async () => o.committed?.('CHUNK'),
  });
}

async function clean(
  o: MoveOptions,
  tables: readonly ShardTable[],
  gates: readonly Gate[],
  keptMs: number,
): Promise<void> {
  const { shard, clock, progress } = o;
  for (const { server, state, epoch, silentMs } of gates) {
    if (state !== 'AWAY') continue;
    const rowsTotal = await countRows(server, { shard, tables, ...soon(o) });
    if (rowsTotal === 0) continue;
    progress({ phase: 'WAITING', rowsDone: 0, rowsTotal });
    await clock.sleep(Math.max(0, keptMs - silentMs));
    progress({ phase: 'CLEANING', rowsDone: 0, rowsTotal });
    const deleted = async () => o.committed?.('DELETE');
    await deleteRows(server, { shard, epoch, tables, nowMs: () => clock.nowMs(), deleted });
  }
}

/** Changes a gate that is still as it was read; throws MoveLostError when it is not. */
async function turn(
  o: MoveOptions,
  gate: Gate,
  next: { readonly state: GateState; readonly epoch: number; readonly peer: string },
): Promise<void> {
  const sql = `UPDATE shard_gate SET state = ?, epoch = ?, peer = ?, touched_ms = ${NOW_MS}
    WHERE shard_no = ? AND state = ? AND epoch = ?`;
  const now = [gateStates[next.state], next.epoch, next.peer];
  const values = [...now, o.shard, gateStates[gate.state], gate.epoch];
  const changed = await patiently(o, () => change(gate.server, soon(o), sql, values));
  if (changed !== 1) throw new MoveLostError(`somebody else moves shard ${o.shard} now`);
  await o.committed?.(next.state);
}

async function patiently<T>(o: MoveOptions, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnavailableError) || attempt >= TURNS_MAX) throw error;
      await o.clock.sleep(TURN_PAUSE_MS);
    }
  }
}

/** A sign of life, nothing else: whoever sees none for long asks for a person. */
async function touch(o: MoveOptions, gate: Gate): Promise<void> {
  const sql = `UPDATE shard_gate SET touched_ms = ${NOW_MS}
    WHERE shard_no = ? AND state = ? AND epoch = ?`;
  const values = [o.shard, gateStates[gate.state], gate.epoch];
  await patiently(o, () => change(gate.server, soon(o), sql, values));
}

async function gatesOf(o: MoveOptions): Promise<Gate[]> {
  const { deadlineMs } = soon(o);
  const all = await Promise.all(o.servers.map((server) => readGates(server, deadlineMs)));
  return all.flat().filter((gate) => gate.shard === o.shard);
}

function tablesOf(o: MoveOptions): Promise<ShardTable[]> {
  return readShardTables(o.servers, soon(o).deadlineMs);
}

function soon(o: MoveOptions): { deadlineMs: number } {
  return { deadlineMs: o.clock.nowMs() + STATEMENT_MS_MAX };
}
