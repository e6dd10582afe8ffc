// Bugs in the use of MySQL: locks, bounds in SQL, lost commits, transactions and their connections.

const MYSQL = 'services/inventory/infra/mysql';
const ARBITER_TEST = `${MYSQL}/arbiter.int.test.ts`;
const PLATFORM = 'services/platform/mysql';

export const ARBITER = [
  {
    name: 'no-bound-anywhere-but-the-constraint',
    why: 'CHECK (available >= 0) still prevents the oversell, but the losers of a batch take it down',
    edits: [
      {
        file: 'services/inventory/domain/settle.ts',
        find: 'if (row.available < line.quantity) {',
        replace: 'if (false) {',
      },
      {
        file: `${MYSQL}/rows.ts`,
        find: "return '(shard_no = ? AND sku_id = ? AND epoch = ? AND available >= ?)';",
        replace: "return '(shard_no = ? AND sku_id = ? AND epoch = ? AND ? IS NOT NULL)';",
      },
    ],
    killedBy: { file: ARBITER_TEST, test: 'no more is given away than there is' },
    needs: 'servers',
  },
  {
    name: 'select-then-update',
    why: 'two processes decide on the same number of units',
    edits: [
      {
        file: `${MYSQL}/rows.ts`,
        find: 'ORDER BY shard_no, sku_id FOR UPDATE`',
        replace: 'ORDER BY shard_no, sku_id`',
      },
    ],
    killedBy: { file: ARBITER_TEST, test: '^who has locked a SKU' },
    needs: 'servers',
  },
  {
    name: 'rebase-without-new-epoch',
    why: 'units in flight are counted as free and then sold too',
    edits: [
      {
        file: `${MYSQL}/rebase.ts`,
        find: 'UPDATE stock SET epoch = epoch + 1 WHERE',
        replace: 'UPDATE stock SET epoch = epoch WHERE',
      },
      { file: `${MYSQL}/rebase.ts`, find: 'epoch: row.epoch + 1,', replace: 'epoch: row.epoch,' },
    ],
    killedBy: { file: ARBITER_TEST, test: 'a grant from before a rebase moves nothing' },
    needs: 'servers',
  },
  {
    name: 'rebase-reads-after-its-commit',
    why: 'a unit that comes back meanwhile is counted in the load and refunded as well',
    edits: [
      {
        file: `${MYSQL}/rebase.ts`,
        find: 'return rows.map((row, i) => ({',
        replace: 'return Promise.all(rows.map(async (row, i) => ({',
      },
      {
        file: `${MYSQL}/rebase.ts`,
        find: 'available: row.available,',
        replace:
          'available: Number((await read<{ available: string }>(server, o,\n' +
          "      'SELECT available FROM stock WHERE shard_no = ? AND sku_id = ?',\n" +
          '      [row.partition, row.skuId]))[0]?.available),',
      },
      {
        file: `${MYSQL}/rebase.ts`,
        find: 'buyers: buyers.get(row.skuId) ?? [],\n  }));',
        replace: 'buyers: buyers.get(row.skuId) ?? [],\n  })));',
      },
    ],
    killedBy: { file: ARBITER_TEST, test: 'units that come back while a load is read' },
    needs: 'servers',
  },
  {
    name: 'resolve-by-select',
    why: 'a COMMIT that is still on its way is taken for one that never was',
    edits: [
      {
        file: `${MYSQL}/lane.ts`,
        find: 'await resolved(() => settleBatch(server, grants, options));',
        replace:
          'await settleBatch(server, grants, options).catch(async () => ({\n' +
          '            results: (await readKnown(server, grants, options)).map(\n' +
          "              (known): SettleResult => known ?? { outcome: 'SOLD_OUT', skuId: '', available: 0 },\n" +
          '            ),\n' +
          '            changes: [],\n' +
          '          }));',
      },
    ],
    killedBy: { file: ARBITER_TEST, test: 'a COMMIT that arrives after' },
    needs: 'servers',
  },
  {
    name: 'unknown-commit-not-asked-again',
    why: 'a buyer whose COMMIT was not answered has to find out by himself',
    edits: [
      {
        file: `${MYSQL}/resolved.ts`,
        find: 'attempt >= UNKNOWN_ATTEMPTS_MAX',
        replace: 'attempt >= 1',
      },
    ],
    killedBy: { file: ARBITER_TEST, test: 'a COMMIT that arrives after' },
    needs: 'servers',
  },
  {
    name: 'tombstone-not-written',
    why: 'a reserve that comes after its release holds units for nobody',
    edits: [
      {
        file: `${MYSQL}/close-batch.ts`,
        find: 'await insertTombstones(tx, decision.tombstones);',
        replace: '',
      },
    ],
    killedBy: { file: ARBITER_TEST, test: 'a release that comes first leaves a tombstone' },
    needs: 'servers',
  },
  {
    name: 'buyers-not-counted',
    why: 'after a loss of Redis one buyer takes everything',
    edits: [
      {
        file: `${MYSQL}/settle-batch.ts`,
        find: "moveBuyers(tx, '+', decision.buyers);",
        replace: '',
      },
    ],
    killedBy: { file: ARBITER_TEST, test: 'the limit per user holds' },
    needs: 'servers',
  },
  {
    name: 'restock-id-per-partition',
    why: 'a restock that is retried for another SKU by mistake adds units twice',
    edits: [
      {
        file: `${MYSQL}/restock.ts`,
        find: "if (!claimed) return unchanged({ outcome: 'REQUEST_ID_REUSED' });",
        replace: '',
      },
    ],
    killedBy: {
      file: `${MYSQL}/restock.int.test.ts`,
      test: '^the same id with a SKU on another server',
    },
    needs: 'servers',
  },
  {
    name: 'claim-taken-for-restock',
    why: 'a restock whose process died in the middle never adds its units',
    edits: [
      {
        file: `${MYSQL}/restock-claim.ts`,
        find: 'return owner.sku_id === skuId && Number(owner.delta) === delta;',
        replace: 'return false;',
      },
    ],
    killedBy: {
      file: `${MYSQL}/restock.int.test.ts`,
      test: '^a process that dies after the claim',
    },
    needs: 'servers',
  },
  {
    name: 'continue-after-1205',
    why: 'MySQL undoes one statement of a transaction, and the rest is committed',
    edits: [{ file: `${PLATFORM}/transaction.ts`, find: 'this.failure ??= error;', replace: '' }],
    killedBy: {
      file: `${PLATFORM}/transaction-faults.int.test.ts`,
      test: '^contention a lock wait timeout runs the whole transaction again',
    },
    needs: 'servers',
  },
  {
    name: 'open-transaction-in-the-pool',
    why: 'the next borrower commits half of what somebody else gave up',
    edits: [
      {
        file: `${PLATFORM}/transaction.ts`,
        find: "await send(connection, { sql: 'ROLLBACK', timeout: ROLLBACK_MS_MAX });",
        replace: '',
      },
    ],
    killedBy: { file: `${PLATFORM}/transaction.int.test.ts`, test: 'an error of the work$' },
    needs: 'servers',
  },
  {
    name: 'stopped-process-keeps-its-locks',
    why: 'one process that stands still stops the sale of every SKU that it has locked',
    edits: [
      {
        file: `${PLATFORM}/session.ts`,
        find: ', idle_transaction_timeout = 3 */',
        replace: ' */',
      },
      { file: `${PLATFORM}/session.ts`, find: ', wait_timeout = 30\n', replace: '\n' },
    ],
    killedBy: { file: `${PLATFORM}/session.int.test.ts`, test: '^a transaction that holds a lock' },
    needs: 'servers',
  },
  {
    name: 'stale-connections-lent-out',
    why: 'a request meets a connection that the server is just closing',
    edits: [
      {
        file: `${PLATFORM}/session.ts`,
        find: 'while (isStale(connection)) {',
        replace: 'while (false) {',
      },
    ],
    killedBy: {
      file: `${PLATFORM}/session.int.test.ts`,
      test: '^a connection that the server may be about to close',
    },
    needs: 'servers',
  },
];
