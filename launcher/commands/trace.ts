// trace: draws what the mesh has recorded of an order. Reads the files of this home, so it also works
// when the mesh is down; what went to a backend is looked at there.
import type { Command } from 'commander';
import { paintFor } from '../audit/paint.js';
import { defaultHome } from '../paths.js';
import { pickTraces } from '../trace/pick-trace.js';
import { spanTrees } from '../trace/span-tree.js';
import { readSpans } from '../trace/trace-span.js';
import { drawTrees } from '../trace/waterfall.js';

export function registerTrace(program: Command): void {
  program
    .command('trace')
    .description('draw what was recorded of an order')
    .argument('<what>', 'an id (trace, order, payment, request), last, or slowest')
    .option('--json', 'the spans as JSON')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway trace last              the last order that was recorded
  ./spillway trace slowest           the one that took longest
  ./spillway trace <order id>        that one, when it was recorded
  OTEL_TRACES_SAMPLER_ARG=1 ./spillway up    records every call

A line that begins with ~ is a batch that also served others: it is a trace of its own.`,
    )
    .action((what: string, flags: { json?: true }) => {
      process.exitCode = trace(what, flags.json === true);
    });
}

function trace(what: string, json: boolean): number {
  const home = defaultHome();
  const spans = readSpans(home.traceDir);
  const ids = pickTraces(spans, what);
  if (ids.length === 0) {
    process.stderr.write(`${nothing(what, spans.length, home.traceDir)}\n`);
    return 1;
  }
  const trees = ids.map((traceId) => ({ traceId, trees: spanTrees(spans, traceId) }));
  if (json) {
    const traces = trees.map(({ traceId, trees: roots }) => ({ trace_id: traceId, roots }));
    process.stdout.write(`${JSON.stringify({ traces }, null, 2)}\n`);
    return 0;
  }
  const paint = paintFor(process.stdout);
  const text = trees.map(({ trees: roots }) => drawTrees(roots, paint)).join('\n\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

function nothing(what: string, known: number, dir: string): string {
  if (known === 0) return `Nothing is recorded in ${dir}. Bring a mesh up and place an order.`;
  return `Nothing is recorded of ${what}. One call in a hundred is; OTEL_TRACES_SAMPLER_ARG=1 records all.`;
}
