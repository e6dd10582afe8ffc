// Shows how far a phase is: a bar on a terminal, a line every two seconds elsewhere. On stderr, so
// that what the command says stays clean.
import { Presets, SingleBar } from 'cli-progress';

const LINE_EVERY_MS = 2_000;
const BAR_EVERY_MS = 100;

export interface ProgressOptions {
  name: string;
  total: number;
  done: () => number;
  /** A few words on what is happening. */
  note: () => string;
}

/** Shows progress while `work` runs; whatever happens, the terminal is left as it was. */
export async function withProgress<T>(o: ProgressOptions, work: () => Promise<T>): Promise<T> {
  const display = process.stderr.isTTY ? showBar(o) : showLines(o);
  try {
    return await work();
  } finally {
    display.stop();
  }
}

function showBar(o: ProgressOptions) {
  const bar = new SingleBar(
    {
      format: `  ${o.name.padEnd(10)} {bar} {percentage}%  {note}`,
      stream: process.stderr,
      hideCursor: true,
      barsize: 30,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const update = () => bar.update(o.done(), { note: o.note() });
  bar.start(o.total, 0, { note: '' });
  const timer = setInterval(update, BAR_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      update();
      bar.stop();
    },
  };
}

function showLines(o: ProgressOptions) {
  const say = () =>
    process.stderr.write(`  ${o.name.padEnd(10)} ${o.done()}/${o.total}  ${o.note()}\n`);
  const timer = setInterval(say, LINE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      say();
    },
  };
}
