// Writes spans as OTLP-JSON, one export request a line, as the collector's file receiver reads it. The
// file is bounded: a full one is set aside as `.old`, and the one before that is gone.

import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/** Some 10,000 spans. */
const BYTES_MAX = 16 * 1024 * 1024;

type Done = Parameters<SpanExporter['export']>[1];

export class TraceFile implements SpanExporter {
  readonly #file: string;
  readonly #bytesMax: number;
  /** Unknown until the file was looked at. */
  #bytes: number | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string, bytesMax = BYTES_MAX) {
    this.#file = file;
    this.#bytesMax = bytesMax;
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.#last = this.#inTurn(this.#last, spans, done);
  }

  async #inTurn(before: Promise<void>, spans: ReadableSpan[], done: Done): Promise<void> {
    await before;
    try {
      await this.#write(spans);
    } catch (error) {
      return done({ code: FAILED, error: error as Error });
    }
    done({ code: SUCCESS });
  }

  async forceFlush(): Promise<void> {
    await this.#last;
  }

  async shutdown(): Promise<void> {
    await this.#last;
  }

  async #write(spans: ReadableSpan[]): Promise<void> {
    const bytes = JsonTraceSerializer.serializeRequest(spans);
    if (bytes === undefined) return;
    this.#bytes ??= await this.#look();
    if (this.#bytes + bytes.length > this.#bytesMax && this.#bytes > 0) {
      await rename(this.#file, `${this.#file}.old`);
      this.#bytes = 0;
    }
    const line = Buffer.concat([bytes, NEWLINE]);
    await appendFile(this.#file, line, { mode: 0o600 });
    this.#bytes += line.length;
  }

  async #look(): Promise<number> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const found = await stat(this.#file).catch(() => undefined);
    return found?.size ?? 0;
  }
}

// The SDK's codes, which live in a package that we otherwise do not need.
const SUCCESS = 0;
const FAILED = 1;
const NEWLINE = Buffer.from('\n');
