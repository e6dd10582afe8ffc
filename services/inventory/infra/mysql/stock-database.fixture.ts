// For tests: the arbiter on real MySQL, in a database of its own that is dropped at the end.

import { createTestDatabase } from '../../../platform/mysql/database.fixture.js';
import { migrate } from '../../../platform/mysql/migrate.js';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { MysqlStockBook } from './stock-book.js';

export const HOLD_MS = 60_000;
export const soon = () => Date.now() + 8_000;

/** On both servers unless other URLs are given, such as those of proxies before them. */
export async function openStockDatabase(urls = [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')]) {
  const db = await createTestDatabase({ urls });
  const directory = new URL('./sql/', import.meta.url);
  await migrate(db.shards, { directory, database: db.name, log: silent });
  return {
    ...db,
    /** As another process would have it: with lanes of its own. */
    book: () => new MysqlStockBook(db.shards, { holdMs: HOLD_MS }),
    close: () => db.drop(),
  };
}
