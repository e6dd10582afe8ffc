// Bugs in how orders and payments move money between them: each is found by the schedules, which know
// nothing of the rules but what must be true at the end.

const SCHEDULES_TEST = 'test/schedules/schedules.test.ts';
const killedBy = {
  file: SCHEDULES_TEST,
  test: 'schedules that are always the same$',
};

export const SCHEDULES = [
  {
    name: 'capture-counted-twice',
    why: 'a second charge of one payment is kept, and only one is known',
    edits: [
      {
        file: 'services/payment/domain/charge.ts',
        find: "const surplus = file.attempts.some((a) => a.state === 'SUCCEEDED');",
        replace: 'const surplus = false;',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'cancel-without-bar',
    why: 'a buyer can still begin to pay for an order that was given up',
    edits: [
      {
        file: 'services/order/app/cancel-order.ts',
        find: "if (decision.outcome === 'CHANGED' && awaited) {",
        replace: 'if (false) {',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'refund-above-captured',
    why: 'two refunds of an amount pay back more than was paid',
    edits: [
      {
        file: 'services/payment/domain/refund.ts',
        find: 'if (payment.refundedMinor + command.amountMinor > payment.capturedMinor) {',
        replace: 'if (false) {',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'line-refund-paid-twice',
    why: 'a refund of lines that is delivered again pays again',
    edits: [
      {
        file: 'services/payment/domain/refund.ts',
        find: 'const refundId = refundIdOf(requestId);',
        replace: 'const refundId = refundIdOf(requestId + payment.version);',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'refund-twice-after-cancel',
    why: 'a cancel pays back the whole amount although lines were refunded before',
    edits: [
      {
        file: 'services/payment/domain/refund.ts',
        find: 'const leftMinor = payment.capturedMinor - payment.refundedMinor;',
        replace: 'const leftMinor = payment.capturedMinor;',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'late-capture-kept',
    why: 'money that came in for an order that was given up stays',
    edits: [
      {
        file: 'services/payment/domain/charge.ts',
        find: 'if (!cancelled) {',
        replace: 'if (true) {',
      },
      {
        file: 'services/payment/app/relay-news.ts',
        find: "await refundAll(ports, payment, 'paid after the order was gone', stepDeadline(ports));",
        replace: 'void [refundAll, payment];',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'lines-returned-twice',
    why: 'a return of lines that is delivered again puts units on sale that are sold',
    edits: [
      {
        file: 'services/inventory/domain/return-lines.ts',
        find: 'if (before !== undefined) {',
        replace: 'if (false) {',
      },
    ],
    killedBy,
    needs: 'unit',
  },
  {
    name: 'lines-refunded-unfenced',
    why: 'the same refund of lines, asked for again, is another refund',
    edits: [
      {
        file: 'services/order/domain/transition.ts',
        find: 'const earlier = order.refunds.find((refund) => refund.requestId === requestId);',
        replace: 'const earlier = order.refunds.find((refund) => refund.requestId === reason);',
      },
    ],
    killedBy,
    needs: 'unit',
  },
];
