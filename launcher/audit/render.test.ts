// What people read: a mark per question, and what to do about what is wrong.
import { expect, test } from '@jest/globals';
import type { Counts } from './look.js';
import { type Problem, problem } from './problem.js';
import { PLAIN, renderAudit } from './render.js';
import { auditReport } from './run-audit.js';

const counts: Counts = {
  skus: 21,
  units: { total: 7_000, available: 100, reserved: 0, sold: 6_900 },
  ledgerEntries: 15_000,
  orders: { PAID: 6_000, CANCELLED: 500, VOID: 40 },
  orderLines: 6_900,
  reservationLines: 6_900,
  inFlightUnits: 3,
  payments: 6_500,
  outboxWaiting: 0,
  money: new Map([
    [
      'EUR',
      {
        captured: 500_00n,
        refunded: 20_00n,
        refundedDone: 20_00n,
        surplus: 0n,
        payable: 480_00n,
        allowance: 0n,
        forfeited: 0n,
      },
    ],
  ]),
  providerAsked: true,
};

test('all in order', () => {
  const text = renderAudit(auditReport([], counts, 1, 840), PLAIN);
  expect(text).not.toContain('✗');
  expect(text).toContain('7,000 = 100 available + 0 reserved + 6,900 sold');
  expect(text).toContain('EUR 50,000 captured - 2,000 refunded = 48,000. The provider agrees.');
  expect(text).toContain('3 units in flight');
  expect(text).toContain('Not one unit and not one cent is missing. (1 look, 0.8 s)');
});

test('what is wrong is marked, listed and explained once per kind', () => {
  const leaks = [1, 2].map((i) => problem('LEAKED', `order ${i}`, 'held by nobody', 2));
  const report = auditReport(leaks, counts, 13, 6_500);
  expect(report).toMatchObject({ ok: false, leaked: 4, oversold: 0 });
  const text = renderAudit(report, PLAIN);
  expect(text.match(/✗/g)).toHaveLength(1);
  expect(text).toContain('LEAKED order 2: held by nobody');
  expect(text.match(/- LEAKED: Units are held by nobody/g)).toHaveLength(1);
});

test('a flood of problems is cut, and counted', () => {
  const flood = Array.from(
    { length: 1_000 },
    (_, i): Problem => problem('UNHELD', `order ${i}`, 'nothing held', 1),
  );
  const money = problem('MONEY', 'EUR', 'a cent is missing');
  const report = auditReport([...flood, money], counts, 13, 6_500);
  expect(report.problems).toHaveLength(21);
  expect(report.problems_left_out).toBe(980);
  const text = renderAudit(report, PLAIN);
  expect(text).toContain('... and 995 more');
  // However many there are of one kind, each other kind is seen.
  expect(text).toContain('✗ Money is conserved');
});

test('a tombstone is no order', () => {
  expect(renderAudit(auditReport([], counts, 1, 200), PLAIN)).toContain('6,500 orders and');
});
