// Promise: spans are written as lines that the collector understands and `./spillway trace` reads, and
// the file is bounded.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { TraceFile } from './trace-file.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'trace-file-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function write(exporter: TraceFile, name: string): Promise<void> {
  const spanProcessors = [new BatchSpanProcessor({ exporter })];
  const provider = new TracerProvider({ spanProcessors });
  provider.getTracer('test').startSpan(name).end();
  await provider.forceFlush();
}

test('a line is one OTLP export request', async () => {
  const file = path.join(dir, 'deep', 'a.jsonl');
  await write(new TraceFile(file), 'one');
  await write(new TraceFile(file), 'two');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const names = lines.map(
    (line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0].name as string,
  );
  expect(names).toEqual(['one', 'two']);
});

test('a full file is set aside, and the one before that is gone', async () => {
  const exporter = new TraceFile(path.join(dir, 'a.jsonl'), 10);
  for (const name of ['one', 'two', 'three']) await write(exporter, name);
  expect(readdirSync(dir).sort()).toEqual(['a.jsonl', 'a.jsonl.old']);
  const text = (name: string) => readFileSync(path.join(dir, name), 'utf8');
  expect([text('a.jsonl').includes('"three"'), text('a.jsonl.old').includes('"two"')]).toEqual([
    true,
    true,
  ]);
});

test('a place that cannot be written costs spans and nothing else', async () => {
  writeFileSync(path.join(dir, 'file'), '');
  const exporter = new TraceFile(path.join(dir, 'file', 'a.jsonl'));
  await write(exporter, 'one').catch(() => undefined);
  await expect(exporter.shutdown()).resolves.toBeUndefined();
});
