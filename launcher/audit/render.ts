// An audit for people: one line per question with its numbers, then each problem with what to do.

import { PROBLEM_KINDS, type ProblemKind } from './problem.js';
import type { AuditReport } from './run-audit.js';

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
}

export const PLAIN: Paint = { good: (text) => text, bad: (text) => text, dim: (text) => text };

/** Problems of a kind that are printed; --json has more. */
const LISTED_PER_KIND_MAX = 5;

export function renderAudit(report: AuditReport, paint: Paint): string {
  const lines = questions(report).map(({ kinds, text }) => {
    const wrong = report.problems.filter((found) => kinds.includes(found.kind)).length;
    return wrong === 0 ? `  ${paint.good('✓')} ${text}` : `  ${paint.bad('✗')} ${text}`;
  });
  const looks = `${report.looks} ${report.looks === 1 ? 'look' : 'looks'}`;
  const took = paint.dim(`(${looks}, ${(report.took_ms / 1000).toFixed(1)} s)`);
  return [...lines, `  ${verdict(report, paint)} ${took}`, ...problemLines(report, paint)].join(
    '\n',
  );
}

/** One line, for the end of other reports. */
export function verdict(report: AuditReport, paint: Paint): string {
  if (report.ok) return paint.good('Not one unit and not one cent is missing.');
  const count = report.problems.length + report.problems_left_out;
  const { oversold, leaked, drift } = report;
  const units = `oversold ${oversold}, leaked ${leaked}, drift ${drift}`;
  return paint.bad(`${count} ${count === 1 ? 'problem' : 'problems'}: ${units}.`);
}

interface Question {
  kinds: readonly ProblemKind[];
  text: string;
}

function questions(report: AuditReport): Question[] {
  if (report.looks === 0) return [{ kinds: ['UNREACHABLE'], text: 'The servers answer.' }];
  const { units } = report;
  // Tombstones bar order ids that never came to be; nobody placed them.
  const { VOID: _barred, ...placed } = report.orders;
  const orders = Object.values(placed).reduce((sum, n) => sum + n, 0);
  const inFlight = report.in_flight === 0 ? '' : `, ${n(report.in_flight)} units in flight`;
  const wrong = report.problems.some((found) => found.kind === 'MONEY');
  const agreed = report.provider_compared ? ' The provider agrees.' : ' (Provider not asked.)';
  const provider = wrong ? '' : agreed;
  return [
    {
      kinds: ['OVERSOLD'],
      text: `No SKU is oversold: ${n(report.skus)} SKUs, ${n(report.order_lines)} live lines.`,
    },
    {
      kinds: ['STOCK'],
      text:
        `Units add up: ${n(units.total)} = ${n(units.available)} available` +
        ` + ${n(units.reserved)} reserved + ${n(units.sold)} sold.`,
    },
    {
      kinds: ['LEAKED', 'UNHELD'],
      text: `${n(orders)} orders and ${n(report.reservation_lines)} held lines match${inFlight}.`,
    },
    {
      kinds: ['LEDGER'],
      text: `The ledger has no gap: ${n(report.ledger_entries)} entries, end to end.`,
    },
    { kinds: ['DRIFT', 'UNREACHABLE'], text: 'Redis agrees with MySQL.' },
    {
      kinds: ['ORDER', 'PAYMENT'],
      text: `Every order has its payment: ${n(report.payments)}.${apartText(report)}`,
    },
    { kinds: ['MONEY'], text: `Money is conserved: ${moneyText(report)}.${provider}` },
    {
      kinds: ['OUTBOX'],
      text: `No effect is parked; ${n(report.outbox_waiting)} are on their way.`,
    },
  ];
}

function apartText({ shards_apart: shards }: AuditReport): string {
  if (shards === 0) return '';
  return ` (${shards} ${shards === 1 ? 'shard' : 'shards'} apart from payments: sums only.)`;
}

function moneyText(report: AuditReport): string {
  if (report.money.length === 0) return 'nothing captured';
  return report.money
    .map((sum) => {
      const kept = BigInt(sum.captured_minor) - BigInt(sum.refunded_minor);
      const captured = `${n(BigInt(sum.captured_minor))} captured`;
      return `${sum.currency} ${captured} - ${n(BigInt(sum.refunded_minor))} refunded = ${n(kept)}`;
    })
    .join('; ');
}

function problemLines(report: AuditReport, paint: Paint): string[] {
  if (report.problems.length === 0) return [];
  const lines = [''];
  const listed = PROBLEM_KINDS.flatMap((kind) =>
    report.problems.filter((found) => found.kind === kind).slice(0, LISTED_PER_KIND_MAX),
  );
  for (const found of listed) {
    lines.push(`  ${paint.bad(found.kind)} ${found.subject}: ${found.detail}`);
  }
  const more = report.problems.length - listed.length + report.problems_left_out;
  if (more > 0) lines.push(paint.dim(`  ... and ${n(more)} more (--json lists 20 of a kind)`));
  lines.push('', '  What to do:');
  for (const advice of new Set(listed.map((found) => `${found.kind}: ${found.advice}`))) {
    lines.push(`  - ${advice}`);
  }
  return lines;
}

/** 1234567 -> 1,234,567, whatever the machine's locale is. */
function n(value: number | bigint): string {
  return value.toLocaleString('en-US');
}
