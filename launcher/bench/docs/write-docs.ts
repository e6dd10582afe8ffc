// Writes what the documents say of a result: tables, charts, the plan of capacity. People write
// around it; what stands between the markers is the benchmark's, and nothing else is touched.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../paths.js';
import type { WholeBenchResult } from '../bench-result.js';
import { benchmarkTables } from './benchmark-tables.js';
import { missingForCapacity } from './capacity.js';
import { capacityDocument } from './capacity-document.js';
import { chartsOf } from './charts.js';

const BEGIN = '<!-- bench: what follows is written by `./spillway bench --docs` -->';
const END = '<!-- /bench -->';

/** Answers what was written. A result of some parts only gets no plan of capacity. */
export function writeDocs(result: WholeBenchResult, root = ROOT): string[] {
  const docs = path.join(root, 'docs');
  const written: string[] = [];
  const write = (file: string, text: string) => {
    writeFileSync(file, text);
    written.push(`Wrote ${path.relative(root, file)}`);
  };
  const fill = (name: string, text: string) => {
    const file = path.join(docs, name);
    write(file, replaceBetween(readFileSync(file, 'utf8'), text));
  };
  mkdirSync(path.join(docs, 'charts'), { recursive: true });
  for (const [name, svg] of chartsOf(result)) write(path.join(docs, 'charts', name), svg);
  fill('benchmarks.md', benchmarkTables(result));
  const missing = missingForCapacity(result);
  if (missing.length === 0) fill('capacity.md', capacityDocument(result));
  else written.push(`Not written: docs/capacity.md, for want of ${missing.join(', ')}`);
  return written;
}

export function replaceBetween(document: string, text: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`no place between ${BEGIN} and ${END}`);
  return `${document.slice(0, from)}${BEGIN}\n\n${text.trim()}\n\n${document.slice(to)}`;
}
