// Bugs at inventory's edges: what its handlers refuse, restocks, and notices in the order service.

const APP = 'services/inventory/app';
const HANDLERS = 'services/inventory/api/inventory-service.ts';
const HANDLERS_TEST = 'services/inventory/api/inventory-service.test.ts';
const NOTICES = 'services/order/app/sold-out-notices.ts';
const NOTICES_TEST = 'services/order/app/sold-out-notices.test.ts';

export const EDGE = [
  {
    name: 'reserves-on-an-unsafe-store',
    why: 'what is acknowledged while MySQL is not durable is lost with its next crash',
    edits: [
      {
        file: HANDLERS,
        find: 'if (!guard.safe) throw unsafeStore();\n      const { items, traces } = request;',
        replace: 'const { items, traces } = request;',
      },
    ],
    killedBy: { file: HANDLERS_TEST, test: '^an unsafe store' },
    needs: 'unit',
  },
  {
    name: 'silence-taken-for-safety',
    why: 'a store with unsafe settings is believed again when it stops answering',
    edits: [
      {
        file: `${APP}/serving-guard.ts`,
        find: "problem().catch(() => 'NO_ANSWER' as const)",
        replace: 'problem().catch(() => undefined)',
      },
    ],
    killedBy: { file: `${APP}/serving-guard.test.ts`, test: 'lazy right, gone right' },
    needs: 'unit',
  },
  {
    name: 'read-back-from-everywhere',
    why: 'each single reserve costs 64 point reads',
    edits: [
      {
        file: HANDLERS,
        find: 'book.reservation(request.reservationId, ctx.deadlineMs, partitions)',
        replace: 'book.reservation(request.reservationId, ctx.deadlineMs)',
      },
    ],
    killedBy: { file: HANDLERS_TEST, test: '^a reservation is read back' },
    needs: 'unit',
  },
  {
    name: 'notice-without-filter',
    why: 'a winner who retries hears SOLD_OUT from the order service',
    edits: [
      {
        file: NOTICES,
        find: 'if (!notice.granted.has(reservationId)) return skuId;',
        replace: 'return skuId;',
      },
    ],
    killedBy: { file: NOTICES_TEST, test: '^sold out: a retry of a granted request passes$' },
    needs: 'unit',
  },
  {
    name: 'notice-without-end',
    why: 'units that came back are refused for as long as inventory is silent',
    edits: [
      {
        file: NOTICES,
        find: 'if (notice.validUntilMs <= this.#clock.monotonicMs()) continue;',
        replace: '',
      },
    ],
    killedBy: { file: NOTICES_TEST, test: '^no heartbeat for a second$' },
    needs: 'unit',
  },
];
