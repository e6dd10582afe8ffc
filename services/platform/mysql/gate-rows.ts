// Reads and places the gates of all shards on all servers. A gate is placed once; from then on only a
// mover changes it.
//
// Invariant: placing makes nobody an owner of a shard that has one, or that is being moved: it holds
// a lock on every server that whoever begins a move takes too.

import type { Connection, RowDataPacket } from 'mysql2/promise';
import { assert } from '../assert.js';
import { requestDigest } from '../digest.js';
import { SHARDS } from '../shard.js';
import type { MysqlServer, ShardMap } from './connect.js';
import { type GateState, gateStates } from './shard-gate.js';
import { read } from './statement.js';
import { NOW_MS } from './time.js';

export interface Gate {
  readonly server: MysqlServer;
  readonly shard: number;
  readonly state: GateState;
  /** Grows with every change. The gate of an owner has a higher one than those of all before it. */
  readonly epoch: number;
  /** host:port where the shard comes from or goes to. */
  readonly peer: string;
  /** How long ago a mover touched it. */
  readonly silentMs: number;
}

const READ_GATES = `SELECT shard_no, state, epoch, peer, ${NOW_MS} - touched_ms AS silent_ms
  FROM shard_gate ORDER BY shard_no`;

// Another starter places 64 rows a server, and whoever begins a move changes one.
const LOCK_SECONDS_MAX = 30;
const STATEMENT_MS_MAX = 5_000;

const words = new Map(Object.entries(gateStates).map(([word, code]) => [Number(code), word]));

interface GateRow {
  shard_no: number;
  state: number;
  epoch: string;
  peer: string;
  silent_ms: string;
}

/** In the order of shards. */
export async function readGates(server: MysqlServer, deadlineMs: number): Promise<Gate[]> {
  const rows = await read<GateRow>(server, { deadlineMs }, READ_GATES);
  return rows.map((row) => ({
    server,
    shard: row.shard_no,
    state: words.get(row.state) as GateState,
    epoch: Number(row.epoch),
    peer: row.peer,
    silentMs: Number(row.silent_ms),
  }));
}

/** Whether rows count where this gate is. */
export function isOwner(gate: { readonly state: GateState }): boolean {
  return gate.state === 'OPEN' || gate.state === 'CLOSED';
}

/** Gives every server its 64 gates, as configured where no server knows better. */
export async function placeGates(map: ShardMap, database: string): Promise<void> {
  if (missingGates(map, await readAll(map.servers)).length === 0) return;
  await withGateLock(map.servers, database, async (connections) => {
    const missing = missingGates(map, await readAll(map.servers));
    for (const { server, shard, state } of missing) {
      await connections.get(server)?.query(
        `INSERT INTO shard_gate (shard_no, state, epoch, peer, touched_ms)
         VALUES (?, ?, 1, '', ${NOW_MS})
         ON DUPLICATE KEY UPDATE state = VALUES(state), epoch = epoch + 1`,
        [shard, gateStates[state]],
      );
    }
  });
}

/** Runs while nobody else places gates or begins a move. */
export async function withGateLock<T>(
  servers: readonly MysqlServer[],
  database: string,
  work: (connections: ReadonlyMap<MysqlServer, Connection>) => Promise<T>,
): Promise<T> {
  const connections = new Map<MysqlServer, Connection>();
  try {
    // By name, so that two who know the servers in another order do not wait in a circle.
    for (const server of [...servers].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const connection = await server.connect();
      connections.set(server, connection);
      await lock(connection, server, database);
    }
    return await work(connections);
  } finally {
    // Ends the sessions and with them the locks.
    for (const connection of connections.values()) connection.destroy();
  }
}

async function lock(connection: Connection, server: MysqlServer, database: string): Promise<void> {
  // Lock names hold 64 characters and are shared by all databases of a server.
  const name = `gates_${requestDigest(database)}`;
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
    name,
    LOCK_SECONDS_MAX,
  ]);
  assert(Number(rows[0]?.got) === 1, `${server.name}: the gates of ${database} stay locked`);
  await connection.query(`USE \`${database}\``);
}

async function readAll(servers: readonly MysqlServer[]): Promise<Gate[]> {
  const deadlineMs = Date.now() + STATEMENT_MS_MAX;
  return (await Promise.all(servers.map((server) => readGates(server, deadlineMs)))).flat();
}

interface MissingGate {
  readonly server: MysqlServer;
  readonly shard: number;
  readonly state: GateState;
}

function missingGates(map: ShardMap, gates: readonly Gate[]): MissingGate[] {
  const there = new Set(gates.map((gate) => `${gate.shard} ${gate.server.name}`));
  const placed = new Set(gates.filter((gate) => gate.state !== 'AWAY').map((gate) => gate.shard));
  const missing: MissingGate[] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const server of map.servers) {
      const opens = !placed.has(shard) && map.configuredFor(shard) === server;
      if (there.has(`${shard} ${server.name}`) && !opens) continue;
      missing.push({ server, shard, state: opens ? 'OPEN' : 'AWAY' });
    }
  }
  return missing;
}
