// Bugs in the pure decisions of inventory: what the arbiter admits, and how a reservation ends.

const SETTLE = 'services/inventory/domain/settle.ts';
const CLOSE = 'services/inventory/domain/close.ts';
const SETTLE_TEST = 'services/inventory/domain/settle.test.ts';
const CLOSE_TEST = 'services/inventory/domain/close.test.ts';

export const RULES = [
  {
    name: 'settle-without-epoch-check',
    why: 'a grant that a rebase has counted as free is sold a second time',
    edits: [
      { file: SETTLE, find: 'if (row.epoch !== grant.epochs[index]) {', replace: 'if (false) {' },
    ],
    killedBy: { file: SETTLE_TEST, test: '^a gate that was loaded before the last epoch$' },
    needs: 'unit',
  },
  {
    name: 'settle-without-bound-check',
    why: 'a gate that believes in too many units oversells',
    edits: [
      { file: SETTLE, find: 'if (row.available < line.quantity) {', replace: 'if (false) {' },
    ],
    killedBy: { file: SETTLE_TEST, test: '^one unit too few$' },
    needs: 'unit',
  },
  {
    name: 'stock-before-dedupe-in-settle',
    why: 'the retry of the request that took the last unit hears SOLD_OUT',
    edits: [
      {
        file: SETTLE,
        find: 'decision.results.push(answerKnown(known, grant));',
        replace:
          'decision.results.push(refuse(grant, input.stocks, bought) ?? answerKnown(known, grant));',
      },
    ],
    killedBy: { file: SETTLE_TEST, test: '^a retry when all units are gone$' },
    needs: 'unit',
  },
  {
    name: 'user-limit-only-in-redis',
    why: 'after a loss of Redis one buyer takes everything',
    edits: [
      {
        file: SETTLE,
        find: 'if (line.userLimit > 0 && units + line.quantity > line.userLimit) {',
        replace: 'if (false) {',
      },
    ],
    killedBy: { file: SETTLE_TEST, test: '^beyond the limit per user$' },
    needs: 'unit',
  },
  {
    name: 'tombstone-answered-as-duplicate',
    why: 'a request that was given up is told that it has its units',
    edits: [
      {
        file: SETTLE,
        find: "return live ? { outcome: 'DUPLICATE', orderId } : { outcome: 'CLOSED' };",
        replace: "return { outcome: 'DUPLICATE', orderId };",
      },
    ],
    killedBy: { file: SETTLE_TEST, test: '^a tombstone has no body to compare' },
    needs: 'unit',
  },
  {
    name: 'body-not-compared',
    why: 'another request under a used id is told that it has what the first one got',
    edits: [
      {
        file: SETTLE,
        find: 'if (known.lines.length > 0 && known.fingerprint !== part.fingerprint) {',
        replace: 'if (false) {',
      },
    ],
    killedBy: { file: SETTLE_TEST, test: '^the same id with another body$' },
    needs: 'unit',
  },
  {
    name: 'batch-blind-to-itself',
    why: 'two copies of a request in one batch are both given units',
    edits: [
      {
        file: SETTLE,
        find: 'admittedByKey.set(key, grant);',
        replace: '',
      },
    ],
    killedBy: { file: SETTLE_TEST, test: '^one batch: each grant sees' },
    needs: 'unit',
  },
  {
    name: 'no-tombstone-on-empty-release',
    why: 'a reserve that comes after its release holds units for nobody',
    edits: [
      {
        file: CLOSE,
        find: 'release: { 0: 3, 1: 3,',
        replace: "release: { 0: 'DONE', 1: 3,",
      },
    ],
    killedBy: { file: CLOSE_TEST, test: '^release of none: ' },
    needs: 'unit',
  },
  {
    name: 'confirm-of-released-is-fine',
    why: 'units are sold to one and, after the release, to another',
    edits: [
      {
        file: CLOSE,
        find: "confirm: { 0: 'RESERVATION_UNKNOWN', 1: 2, 2: 'DONE', 3: 'RESERVATION_CLOSED',",
        replace: "confirm: { 0: 'RESERVATION_UNKNOWN', 1: 2, 2: 'DONE', 3: 'DONE',",
      },
    ],
    killedBy: { file: CLOSE_TEST, test: '^confirm of RELEASED: ' },
    needs: 'unit',
  },
  {
    name: 'bar-ends-a-hold',
    why: 'of two copies of one request, the loser undoes the winner',
    edits: [{ file: CLOSE, find: "bar: { 0: 3, 1: 'HELD',", replace: 'bar: { 0: 3, 1: 3,' }],
    killedBy: { file: CLOSE_TEST, test: '^bar of RESERVED: ' },
    needs: 'unit',
  },
  {
    name: 'closed-twice-in-one-batch',
    why: 'a release that is sent twice brings its units back twice',
    edits: [
      {
        file: CLOSE,
        find: 'held.set(partKey(closing), close(decision, input.stocks, closing, part, next));',
        replace: 'close(decision, input.stocks, closing, part, next);',
      },
    ],
    killedBy: { file: CLOSE_TEST, test: '^a closing twice in one batch' },
    needs: 'unit',
  },
];
