// Promise: a server that may forget acknowledged commits is refused at start, with the remedy.
// Method: servers that answer given settings; real ones are shared, so their settings stay alone.

import { expect, test } from '@jest/globals';
import { assertDurable, type MysqlServer, ShardMap } from './connect.js';

function serverWith(name: string, settings: Record<string, string | number>): MysqlServer {
  const connection = { query: async () => [[settings]], destroy: () => undefined };
  return { name, connect: async () => connection } as unknown as MysqlServer;
}

const DURABLE = { flush: 1, log_bin: 1, sync: 1 };

test.each([
  ['durable', DURABLE, []],
  ['no binary log, so nothing to sync', { flush: '1', log_bin: 0, sync: 0 }, []],
  ['lazy log', { ...DURABLE, flush: 2 }, ['innodb_flush_log_at_trx_commit = 1']],
  ['lazy binary log', { ...DURABLE, sync: 0 }, ['sync_binlog = 1']],
  [
    'both',
    { flush: 0, log_bin: '1', sync: '1000' },
    ['innodb_flush_log_at_trx_commit = 1', 'sync_binlog = 1'],
  ],
])('%s', async (_, settings, remedies) => {
  const map = new ShardMap([
    { from: 0, to: 31, server: serverWith('good:3306', DURABLE) },
    { from: 32, to: 63, server: serverWith('other:3306', settings) },
  ]);
  const message = await assertDurable(map).then(
    () => '',
    (error: Error) => error.message,
  );
  const lines = message.split('\n').slice(1);
  expect(lines).toHaveLength(remedies.length);
  for (const [i, remedy] of remedies.entries()) {
    expect(lines[i]).toContain(`other:3306: SET GLOBAL ${remedy};`);
  }
});
