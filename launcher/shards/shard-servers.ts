// The MySQL servers of the running mesh as one service sees them, for commands that ask or move shards.
import { Writable } from 'node:stream';
import { configFields } from '../../services/platform/config.js';
import { createLog } from '../../services/platform/log.js';
import { connectShards, type MysqlServer } from '../../services/platform/mysql/connect.js';
import { shardRanges } from '../mesh-plan.js';

/** One connection per table that is compared, some to spare. */
const POOL_SIZE = 12;

export interface ServiceServers {
  readonly database: string;
  readonly servers: readonly MysqlServer[];
}

/** Which shard lives where is not known here: the gates say it. */
export async function withServers<T>(
  o: { readonly mysqlUrls: readonly string[]; readonly database: string },
  work: (opened: ServiceServers) => Promise<T>,
): Promise<T> {
  const silent = createLog({ service: 'launcher', level: 'silent' }, new Writable());
  const shards = configFields.mysqlShards.parse(shardRanges(o.mysqlUrls));
  const { database } = o;
  const map = connectShards({ shards, database, poolSize: POOL_SIZE, log: silent });
  try {
    return await work({ database, servers: map.servers });
  } finally {
    await map.close();
  }
}
