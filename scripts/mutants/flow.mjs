// Bugs in the order of steps: gate, arbiter, repair, give-back, check-back.

const APP = 'services/inventory/app';
const ENGINE_TEST = `${APP}/stock-engine.test.ts`;

export const FLOW = [
  {
    name: 'ack-after-redis',
    why: 'a reservation that MySQL never heard of is lost with Redis',
    edits: [
      {
        file: `${APP}/hold-parts.ts`,
        find: 'const results = await this.#book.settle(grants, deadlineMs);',
        replace:
          'const results: SettleResult[] = grants.map(({ orderId }) => ' +
          "({ outcome: 'RESERVED', orderId }));",
      },
    ],
    killedBy: { file: ENGINE_TEST, test: 'idempotency is checked before stock$' },
    needs: 'unit',
  },
  {
    name: 'refund-on-unknown-settle',
    why: 'a unit whose COMMIT was not answered is offered again though it is sold',
    edits: [
      {
        file: `${APP}/hold-parts.ts`,
        find: "return result === undefined ? { outcome: 'UNKNOWN' } : this.#judge(grant, result);",
        replace:
          "if (result === undefined) this.#giveBack(grant, '');\n" +
          "      return result ? this.#judge(grant, result) : { outcome: 'UNKNOWN' };",
      },
    ],
    killedBy: { file: `${APP}/never-undone.test.ts`, test: '^a settle that was committed' },
    needs: 'unit',
  },
  {
    name: 'no-give-back',
    why: 'units that the gate took for a known request cannot be sold until an audit',
    edits: [
      {
        file: `${APP}/hold-parts.ts`,
        find: 'if (refunds.length > 0) this.#refunds.send(refunds);',
        replace: '',
      },
    ],
    killedBy: {
      file: ENGINE_TEST,
      test: 'a winner who is granted again before his page has come gives the second unit back$',
    },
    needs: 'unit',
  },
  {
    name: 'not-loaded-is-zero',
    why: 'after a loss of Redis everything is sold out for ever',
    edits: [
      {
        file: `${APP}/hold-parts.ts`,
        find: "if (!('skuId' in reply)) return reply;",
        replace:
          "if (!('skuId' in reply)) return reply;\n" +
          "        if (reply.outcome === 'NOT_LOADED') {\n" +
          "          return { outcome: 'SOLD_OUT', skuId: reply.skuId, available: 0 };\n" +
          '        }',
      },
    ],
    killedBy: {
      file: ENGINE_TEST,
      test: 'a Redis that has forgotten everything answers retries as before$',
    },
    needs: 'unit',
  },
  {
    name: 'lazy-seed',
    why: 'units in flight are counted as free by whoever loads Redis first',
    edits: [
      {
        file: `${APP}/rebase.ts`,
        find: 'const loads = await o.book.rebase(skuIds, batch.deadlineMs);',
        replace:
          'const loads = (await o.book.stocks(skuIds, batch.deadlineMs)).map((row) => ({\n' +
          '          ...row, grants: [], buyers: [], nextEntry: undefined,\n' +
          '        }));',
      },
    ],
    killedBy: { file: `${APP}/never-undone.test.ts`, test: '^a gate that forgets while units' },
    needs: 'unit',
  },
  {
    name: 'refusal-believed-while-unlisted',
    why: 'while the gate is being filled, a winner who retries hears SOLD_OUT',
    edits: [
      {
        file: `${APP}/hold-parts.ts`,
        find: 'if (listed) return { outcome, skuId, available };',
        replace: 'if (listed || !listed) return { outcome, skuId, available };',
      },
    ],
    killedBy: {
      file: ENGINE_TEST,
      test: 'a winner of a sold-out SKU is found before his page has come$',
    },
    needs: 'unit',
  },
  {
    name: 'list-complete-too-early',
    why: 'a winner on a page that never came hears SOLD_OUT',
    edits: [
      {
        file: `${APP}/grant-fill.ts`,
        find: 'const last = ',
        replace: 'const last = true || ',
      },
    ],
    killedBy: { file: `${APP}/grant-fill.test.ts`, test: '^pages are filled newest first' },
    needs: 'unit',
  },
  {
    name: 'last-part-not-last',
    why: 'a refusal in the middle cannot be told for certain, and the other parts stay held',
    edits: [
      {
        file: `${APP}/reserve-stock.ts`,
        find: 'const between = rest.slice(0, -1).map(bound);',
        replace: 'const between = rest.map(bound);',
      },
    ],
    killedBy: { file: `${APP}/reserve-spread.test.ts`, test: '^part 2 is sold out$' },
    needs: 'unit',
  },
  {
    name: 'undo-without-bar',
    why: 'one copy of a request releases what the other one was just promised',
    edits: [
      {
        file: `${APP}/reserve-stock.ts`,
        find: "const barred = await this.#close('bar', last, deadlineMs);",
        replace: "const barred: string = 'DONE';",
      },
    ],
    killedBy: {
      file: `${APP}/reserve-stock.test.ts`,
      test: '^whoever is told yes holds everything',
    },
    needs: 'unit',
  },
  {
    name: 'check-back-releases-paid',
    why: 'paid units are sold to somebody else',
    edits: [
      {
        file: `${APP}/check-back.ts`,
        find: "PAID: ['confirm'],",
        replace: "PAID: ['release'],",
      },
    ],
    killedBy: { file: `${APP}/check-back.test.ts`, test: 'PAID.*the reservation is' },
    needs: 'unit',
  },
  {
    name: 'check-back-releases-pending',
    why: 'a buyer who is paying loses his units',
    edits: [
      {
        file: `${APP}/check-back.ts`,
        find: "if (fate?.fate === 'PENDING') {",
        replace:
          "if (fate?.fate === 'PENDING') {\n" +
          "          await this.#end(hold, { fate: 'CANCELLED' }, deadlineMs);",
      },
    ],
    killedBy: { file: `${APP}/check-back.test.ts`, test: 'PENDING.*the reservation is' },
    needs: 'unit',
  },
  {
    name: 'check-back-guesses',
    why: 'while the order service is away, all its orders lose their units',
    edits: [
      {
        file: `${APP}/check-back.ts`,
        find: '} else if (fate !== undefined) {\n          await this.#end(hold, fate, deadlineMs);',
        replace:
          "} else {\n          await this.#end(hold, fate ?? { fate: 'CANCELLED' }, deadlineMs);",
      },
    ],
    killedBy: { file: `${APP}/check-back.test.ts`, test: 'undefined: the reservation is' },
    needs: 'unit',
  },
  {
    name: 'hold-never-extended',
    why: 'the order service is asked about every unpaid order all the time',
    edits: [
      {
        file: `${APP}/check-back.ts`,
        find: 'if (pending.length > 0) await this.#book.holdUntil(pending, deadlineMs);',
        replace: '',
      },
    ],
    killedBy: {
      file: `${APP}/check-back.test.ts`,
      test: '^a pending order is asked about again only',
    },
    needs: 'unit',
  },
  {
    name: 'audit-at-first-sight',
    why: 'every commit that takes its time costs a rebase, which voids the grants of others',
    edits: [
      {
        file: `${APP}/auditor.ts`,
        find: 'if (before?.outline === outline && nowMs - before.sinceMs >= STILL_MS_MIN) {',
        replace: 'if (true) {',
      },
    ],
    killedBy: {
      file: `${APP}/auditor.test.ts`,
      test: '^a difference that moves between two looks',
    },
    needs: 'unit',
  },
  {
    name: 'no-look-at-zero',
    why: 'the last units of a sale that a crash has hidden are not sold',
    edits: [{ file: `${APP}/auditor.ts`, find: 'this.#zero.ask(skuId);', replace: '' }],
    killedBy: {
      file: `${APP}/zero-crossing.test.ts`,
      test: '^a reserve that is refused starts it',
    },
    needs: 'unit',
  },
];
