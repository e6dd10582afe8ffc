// What the client side of a run has seen: every attempt with its times and its answer, every fault.
// Written down as it happens, by the one process that is never killed, so it is evidence. Times are
// milliseconds since the start of the case, on a clock that never steps back.

import { createWriteStream, type WriteStream } from 'node:fs';

export type Verb = 'reserve' | 'release' | 'confirm' | 'restock';

export interface Line {
  readonly skuId: string;
  /** For a restock the change, which may be negative. */
  readonly quantity: number;
  readonly userLimit: number;
}

/** What is asked for; all its attempts say the same under the same id. */
export interface Op {
  readonly verb: Verb;
  readonly id: string;
  /** A reserve's proposal; the first one that is settled is the one that counts. */
  readonly orderId: string;
  readonly userId: string;
  readonly lines: readonly Line[];
}

/**
 * invoke  not answered yet.
 * ok      it is so: RESERVED, DUPLICATE, DONE.
 * fail    it is certainly not so, and never will be by this attempt.
 * info    nobody knows; the same id is asked for again.
 */
export type AttemptType = 'invoke' | 'ok' | 'fail' | 'info';

export interface Attempt extends Op {
  readonly n: number;
  readonly startMs: number;
  readonly deadlineMs: number;
  type: AttemptType;
  outcome: string;
  /** What a grant is bound to. */
  boundOrderId: string;
  endMs: number;
}

export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

/** 2,500 attempts/s for five minutes are 750,000; more is another kind of run. */
const ATTEMPTS_MAX = 2_000_000;

export class History {
  readonly attempts: Attempt[] = [];
  readonly marks: Mark[] = [];
  readonly file: string;
  readonly #out: WriteStream;
  readonly #startMs = performance.now();
  #closed = false;

  constructor(file: string) {
    this.file = file;
    this.#out = createWriteStream(file, { mode: 0o600 });
  }

  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  invoke(op: Op, patienceMs: number): Attempt {
    if (this.attempts.length >= ATTEMPTS_MAX) throw new Error('too many attempts for one case');
    const startMs = this.nowMs();
    const attempt: Attempt = {
      n: this.attempts.length,
      verb: op.verb,
      id: op.id,
      orderId: op.orderId,
      userId: op.userId,
      lines: op.lines,
      startMs,
      deadlineMs: startMs + patienceMs,
      type: 'invoke',
      outcome: '',
      boundOrderId: '',
      endMs: Number.POSITIVE_INFINITY,
    };
    this.attempts.push(attempt);
    return attempt;
  }

  settle(attempt: Attempt, type: AttemptType, outcome: string, boundOrderId = ''): void {
    attempt.type = type;
    attempt.outcome = outcome;
    attempt.boundOrderId = boundOrderId;
    attempt.endMs = this.nowMs();
    this.#write(attempt);
  }

  /** Something that was done to the system. */
  mark(text: string): void {
    const mark = { atMs: this.nowMs(), text };
    this.marks.push(mark);
    this.#write({ type: 'fault', ...mark });
  }

  /** Further evidence, such as what the databases hold at the end. */
  note(type: string, value: unknown): void {
    this.#write({ type, value });
  }

  /** Writes the attempts that were never answered, and closes the file. */
  async close(): Promise<void> {
    for (const attempt of this.attempts) if (attempt.type === 'invoke') this.#write(attempt);
    this.#closed = true;
    await new Promise<void>((resolve) => this.#out.end(resolve));
  }

  #write(line: object): void {
    // Answers to a run that was given up.
    if (this.#closed) return;
    const text = JSON.stringify(line, (_, value) =>
      typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 10) / 10 : value,
    );
    this.#out.write(`${text}\n`);
  }
}
