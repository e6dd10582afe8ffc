// Draws traces in a terminal: one line a span, its name as deep as it was called, and a bar where in
// the whole time it lay.
import type { Paint } from '../audit/render.js';
import type { SpanNode } from './span-tree.js';
import type { TraceSpan } from './trace-span.js';

const BAR_COLUMNS = 32;
const NAME_COLUMNS_MAX = 64;

interface Row {
  readonly depth: number;
  readonly node: SpanNode;
}

export function drawTrees(trees: readonly SpanNode[], paint: Paint): string {
  return trees.map((tree) => drawTree(tree, paint)).join('\n\n');
}

function drawTree(tree: SpanNode, paint: Paint): string {
  const rows = rowsOf(tree, 0);
  const startMs = tree.span.startMs;
  const endMs = Math.max(...rows.map(({ node }) => node.span.endMs));
  const widest = Math.max(...rows.map((row) => titleOf(row).length));
  const columns = Math.min(NAME_COLUMNS_MAX, widest);
  const lines = rows.map((row) => {
    const { span } = row.node;
    const title = titleOf(row).slice(0, columns).padEnd(columns);
    const service = span.service.replace(/^spillway-/, '').padEnd(9);
    const took = `${(span.endMs - span.startMs).toFixed(1)} ms`.padStart(10);
    const bar = barOf(span, startMs, endMs);
    const words = wordsOf(span);
    const told = words === '' ? '' : ` ${span.error === undefined ? words : paint.bad(words)}`;
    return `${title}  ${paint.dim(service)} ${took}  ${bar}${told}`;
  });
  const at = new Date(startMs).toISOString();
  const whole = (endMs - startMs).toFixed(1);
  return [`trace ${tree.span.traceId}  ${at}  ${whole} ms`, ...lines].join('\n');
}

function rowsOf(node: SpanNode, depth: number): Row[] {
  return [{ depth, node }, ...node.children.flatMap((child) => rowsOf(child, depth + 1))];
}

function titleOf({ depth, node }: Row): string {
  const name = node.span.name.replace(/^spillway\.[a-z]+\.v1\./, '');
  return `${'  '.repeat(depth)}${node.linked ? '~ ' : ''}${name}`;
}

function barOf(span: TraceSpan, startMs: number, endMs: number): string {
  const scale = BAR_COLUMNS / Math.max(endMs - startMs, Number.EPSILON);
  const from = Math.min(BAR_COLUMNS - 1, Math.max(0, Math.floor((span.startMs - startMs) * scale)));
  const length = Math.max(1, Math.round((span.endMs - span.startMs) * scale));
  const bar = `${' '.repeat(from)}${'='.repeat(Math.min(length, BAR_COLUMNS - from))}`;
  return `|${bar.padEnd(BAR_COLUMNS)}|`;
}

function wordsOf({ attributes, error }: TraceSpan): string {
  const size = attributes['spillway.batch.size'];
  const recorded = attributes['spillway.batch.recorded'];
  const batch = size === undefined || size === 1 ? '' : `batch of ${size}, ${recorded} recorded`;
  const outcome = attributes['spillway.batch.outcomes'] ?? attributes['spillway.outcome'] ?? '';
  const ids = attributes['spillway.order.id'];
  const order = ids === undefined ? '' : `order ${ids}`;
  const late = attributes['spillway.told_late'];
  const told = late === undefined ? '' : `told afterwards: ${late}`;
  const parts = [String(outcome), batch, order, told, error === undefined ? '' : `error: ${error}`];
  return parts.filter((part) => part !== '').join('; ');
}
