// Bugs in what a mesh tells about itself: numbers that would calm people down, and logs that tell too
// much.

export const NUMBERS = [
  {
    name: 'stock-look-without-ledger',
    why: 'units that nobody has booked appear or vanish, and no alert says so',
    edits: [
      {
        file: 'services/inventory/infra/mysql/stock-look.ts',
        find: 'if (!adds || !agrees)',
        replace: 'if (!adds)',
      },
    ],
    killedBy: {
      file: 'services/inventory/infra/mysql/stock-look.int.test.ts',
      test: '^a unit that nobody has booked is found$',
    },
    needs: 'servers',
  },
  {
    name: 'lag-of-parked-events',
    why: 'one parked event cries lag for ever, and nobody hears the next one',
    edits: [
      {
        file: 'services/platform/mysql/outbox-meter.ts',
        find: 'MIN(IF(parked_reason IS NULL, created_ms, NULL))',
        replace: 'MIN(created_ms)',
      },
    ],
    killedBy: {
      file: 'services/platform/mysql/store-meter.int.test.ts',
      test: '^an outbox is told by what waits',
    },
    needs: 'servers',
  },
  {
    name: 'series-without-end',
    why: 'a stranger who asks for made-up paths fills the memory of gateway and Prometheus',
    edits: [
      {
        file: 'services/platform/telemetry/metrics.ts',
        find: 'if (this.#series.size >= SERIES_MAX) return this.#other();',
        replace: '',
      },
    ],
    killedBy: {
      file: 'services/platform/telemetry/metrics.test.ts',
      test: '^labels that somebody else chooses cannot make series without end$',
    },
    needs: 'unit',
  },
  {
    name: 'addresses-in-the-log',
    why: 'where buyers live stands in a file that many may read',
    edits: [{ file: 'services/platform/log.ts', find: "  'address',\n", replace: '' }],
    killedBy: {
      file: 'services/platform/log.test.ts',
      test: '"order".*"address".* does not reach the log$',
    },
    needs: 'unit',
  },
];
