// The list of steps a person sees while things start: one line per step, when it is done.
// Text goes to the given writer only, so commands that print JSON keep their standard output clean.

export type Write = (text: string) => void;

const NAME_WIDTH = 14;
const DETAIL_WIDTH = 28;

export class Steps {
  constructor(private readonly write: Write) {}

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Runs the work, then tells its name, a detail (where it listens) and how long it took. */
  async step<T>(name: string, detail: string | (() => string), work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const result = await work();
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const text = typeof detail === 'string' ? detail : detail();
    this.line(`  ${name.padEnd(NAME_WIDTH)} ${text.padEnd(DETAIL_WIDTH)} ${seconds} s`);
    return result;
  }
}

export const silent = new Steps(() => undefined);

export const toStderr: Write = (text) => void process.stderr.write(text);
export const toStdout: Write = (text) => void process.stdout.write(text);
