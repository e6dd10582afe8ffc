// Where the shards of a service live, and which of them are on their way, as the gates say.
import { systemClock } from '../../services/platform/clock.js';
import { type Gate, isOwner, readGates } from '../../services/platform/mysql/gate-rows.js';
import { SHARDS } from '../../services/platform/shard.js';
import type { ServiceServers } from './shard-servers.js';

const READ_MS_MAX = 2_000;

/** A mover shows itself every five seconds. */
const SILENT_MS_MAX = 30_000;

/** What has no server for a moment. */
const BETWEEN = 'between two servers';

export interface ShardPlace {
  readonly shard: number;
  /** host:port; null in the moment between two owners. */
  readonly server: string | null;
  readonly state: 'OPEN' | 'CLOSED' | 'AWAY';
  /** Where it is being moved. */
  readonly target: string | null;
  /** Nothing of it can be written, and whoever moved it has not shown himself for so long. */
  readonly stuckMs: number | null;
}

export async function listShards({ servers }: ServiceServers): Promise<ShardPlace[]> {
  const deadlineMs = systemClock.nowMs() + READ_MS_MAX;
  const all = await Promise.all(servers.map((server) => readGates(server, deadlineMs)));
  return placesOf(all.flat());
}

export function placesOf(gates: readonly Gate[]): ShardPlace[] {
  return Array.from({ length: SHARDS }, (_, shard) => {
    const own = gates.filter((gate) => gate.shard === shard);
    const owner = own.find(isOwner);
    const target = own.find((gate) => gate.state === 'RECEIVING');
    const silentMs = Math.min(...own.map((gate) => gate.silentMs));
    const shut = owner?.state !== 'OPEN';
    return {
      shard,
      server: owner?.server.name ?? null,
      state: owner?.state === 'OPEN' || owner?.state === 'CLOSED' ? owner.state : 'AWAY',
      target: target?.server.name ?? null,
      stuckMs: shut && silentMs > SILENT_MS_MAX ? silentMs : null,
    };
  });
}

/** One line per server, and one per shard that is on its way. */
export function placesText(service: string, places: readonly ShardPlace[]): string {
  const names = new Set(places.map(({ server }) => server ?? BETWEEN));
  const servers = [...names].sort((a, b) => (a < b ? -1 : 1));
  const lines = servers.map((server) => {
    const own = places.filter((place) => (place.server ?? BETWEEN) === server);
    const shards = own.map(({ shard }) => shard);
    return `  ${server.padEnd(24)} ${shards.length} shards: ${ranges(shards)}`;
  });
  const moving = places.filter(({ target }) => target !== null);
  const moves = moving.map((place) => {
    const stuck = place.stuckMs === null ? '' : `; ${stuckText(service, place)}`;
    return `  shard ${place.shard} is ${MOVING[place.state]} ${place.target}${stuck}`;
  });
  return [`Shards of ${service}:`, ...lines, ...moves].join('\n');
}

const MOVING = {
  OPEN: 'being copied to',
  CLOSED: 'closed on its way to',
  AWAY: 'between its old server and',
} as const satisfies Record<ShardPlace['state'], string>;

export function stuckText(service: string, place: ShardPlace): string {
  const seconds = Math.round((place.stuckMs ?? 0) / 1_000);
  const again = `./spillway shard move --service ${service} --shard ${place.shard}`;
  return (
    `nobody has moved it on for ${seconds} s, and nothing of it can be written: ` +
    `${again} --to ${place.target ?? 'HOST:PORT'}`
  );
}

/** `0-2, 5, 7-9` */
export function ranges(shards: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < shards.length; ) {
    let last = i;
    while (shards[last + 1] === (shards[last] as number) + 1) last += 1;
    parts.push(last === i ? `${shards[i]}` : `${shards[i]}-${shards[last]}`);
    i = last + 1;
  }
  return parts.length === 0 ? 'none' : parts.join(', ');
}
