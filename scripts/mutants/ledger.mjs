// Bugs in the ledger's chunks: entries that are lost on the way in or out, and an audit that would not
// notice.

const MYSQL = 'services/inventory/infra/mysql';
const WALK = 'launcher/audit/ledger-walk.ts';
const WALK_TEST = 'launcher/audit/ledger-walk.test.ts';

export const LEDGER = [
  {
    name: 'chunk-longer-than-its-readers-look',
    why: 'winners at the beginning of a long chunk are told that they have lost',
    edits: [
      {
        file: `${MYSQL}/past-grants.ts`,
        find: 'oldest - CHUNK_ENTRIES_MAX, belowEntry',
        replace: 'oldest - 100, belowEntry',
      },
    ],
    killedBy: { file: `${MYSQL}/past-grants.int.test.ts`, test: '^of the longest chunk there is' },
    needs: 'servers',
  },
  {
    name: 'chunk-longer-than-its-column',
    why: 'the busiest batches are refused as a whole',
    edits: [
      {
        file: `${MYSQL}/ledger-chunk.ts`,
        find: 'CHUNK_ENTRIES_MAX = 400',
        replace: 'CHUNK_ENTRIES_MAX = 512',
      },
    ],
    killedBy: { file: `${MYSQL}/ledger-chunk.test.ts`, test: '^the longest entries fit' },
    needs: 'unit',
  },
  {
    name: 'page-ends-with-a-whole-chunk',
    why: 'pages of the ledger repeat what the page before has told',
    edits: [
      {
        file: `${MYSQL}/ledger.ts`,
        find: '.filter(({ entry }) => entry < before)',
        replace: '',
      },
    ],
    killedBy: { file: `${MYSQL}/ledger.int.test.ts`, test: '^chunks of .* in pages of 3$' },
    needs: 'servers',
  },
  {
    name: 'ledger-carried-over-beside-its-writers',
    why: 'what a process of the version before writes during the upgrade is dropped with its table',
    edits: [
      {
        file: `${MYSQL}/sql/0007_ledger_chunk.sql`,
        find: "'RENAME TABLE ledger TO ledger_entry'",
        replace: "'CREATE TABLE ledger_entry AS SELECT * FROM ledger'",
      },
    ],
    killedBy: {
      file: `${MYSQL}/ledger-migration.int.test.ts`,
      test: '^who still writes rows is refused$',
    },
    needs: 'servers',
  },
  {
    name: 'audit-counts-no-moves',
    why: 'an entry that vanished from its chunk is no problem to anybody',
    edits: [{ file: WALK, find: ' || moves.length !== entries', replace: '' }],
    killedBy: { file: WALK_TEST, test: '^a ledger with one entry less$' },
    needs: 'unit',
  },
  {
    name: 'audit-adds-no-moves-up',
    why: 'units can be made in the middle of a chunk',
    edits: [
      {
        file: WALK,
        find: 'sum + move.change, 0) === change',
        replace: 'sum + move.change, 0) !== null',
      },
    ],
    killedBy: { file: WALK_TEST, test: '^a ledger with other units$' },
    needs: 'unit',
  },
];
