// What `status` says about shards that cannot be written because a move of them was left half done.
import { listShards, stuckText } from './shard-list.js';
import { withServers } from './shard-servers.js';

/** `status` is asked often and answers at once; servers that do not are seen elsewhere. */
const ANSWER_MS_MAX = 1_000;

/** One line per shard; none also when it cannot be found out. */
export async function stuckShards(mysqlUrls: readonly string[]): Promise<string[]> {
  const late = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), ANSWER_MS_MAX));
  return await Promise.race([late, ask(mysqlUrls).catch(() => [])]);
}

async function ask(mysqlUrls: readonly string[]): Promise<string[]> {
  if (mysqlUrls.length === 0) return [];
  // Meshes with databases of another name are tests.
  const places = await withServers({ mysqlUrls, database: 'spillway_order' }, listShards);
  return places
    .filter(({ stuckMs }) => stuckMs !== null)
    .map((place) => `shard ${place.shard} of order: ${stuckText('order', place)}`);
}
