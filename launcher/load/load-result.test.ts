import { expect, test } from '@jest/globals';
import { PLAIN } from '../audit/render.js';
import type { AuditReport } from '../audit/run-audit.js';
import { htmlReport } from './html-report.js';
import { Journal } from './journal.js';
import type { K6Outcome } from './k6-run.js';
import { loadResult, type RunFacts } from './load-result.js';
import { renderLine, renderLoad } from './render-load.js';
import { timelineOf } from './timeline.js';

const FACTS: RunFacts = {
  scenario: 'flash-sale',
  short: true,
  seed: 7,
  tag: 't',
  size: { rate: 10, seconds: 2, skus: 1, units: 1 },
  k6Version: 'v2.2.0',
  report: 'report.html',
};
const AUDIT = { ok: true, oversold: 0, problems: [] as AuditReport['problems'] } as AuditReport;
const kept = { name: 'oversold count==0', ok: true, detail: '0' };

function result(change: { exitCode?: number; ok?: boolean; held?: boolean; journal?: string }) {
  const journal = new Journal();
  journal.take(change.journal ?? 'call 1000 grpc create ACCEPTED 12 t-r1 901\n');
  const k6: K6Outcome = {
    exitCode: change.exitCode ?? 0,
    summary: {
      thresholds: [{ ...kept, ok: change.ok ?? true }],
      checks: [{ name: 'a check', ok: true, detail: '1 times' }],
      iterations: 1,
      dropped: 0,
      vusMax: 20,
      latencies: [],
    },
  };
  const questions = [{ name: 'no unit is sold twice', ok: change.held ?? true, detail: '' }];
  const made = loadResult(FACTS, k6, journal, { oversold: 0, questions }, AUDIT);
  return { made, timeline: timelineOf(journal, { stock: [], batches: [] }) };
}

test.each([
  ['k6 and the books are content', {}, true],
  ['k6 is not, for a reason of its own', { exitCode: 99 }, false],
  ['a threshold was crossed', { exitCode: 99, ok: false }, false],
  ['the books disagree, and k6 saw nothing', { held: false }, false],
])('when %s', (_, change, ok) => {
  const { made } = result(change);
  expect(made.ok).toBe(ok);
  expect(renderLoad(made, PLAIN)).toContain(ok ? 'Every promise was kept.' : 'broken');
  expect(renderLine(made, PLAIN)).toContain(ok ? '✓' : '✗');
});

test('an operation is told with its outcomes and times', () => {
  const { made } = result({});
  expect(made.operations).toEqual([
    {
      operation: 'create',
      protocol: 'grpc',
      outcomes: { ACCEPTED: 1 },
      p50_ms: 12,
      p99_ms: 12,
      max_ms: 12,
    },
  ]);
});

test('the report needs nothing beside itself, and no reason can break out of it', () => {
  const journal = 'call 1000 grpc create REFUSED:</script><b>x 12 t-r1 -\n';
  const { made, timeline } = result({ journal });
  const page = htmlReport(made, timeline);
  expect(page).toContain('new uPlot');
  expect(page).toContain('REFUSED &lt;/script>&lt;b>x');
  expect(page).not.toMatch(/(src|href)=/);
  expect(page.match(/<\/script>/g)).toHaveLength(2);
});
