// Ctrl-C and friends as a value: work gets an AbortSignal, cleans up in its own `finally`, and the
// command then ends with the customary exit code. Further signals while it cleans up change
// nothing: every wait in the clean-up is bounded, and half a clean-up would leave orphans.
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(readonly signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
    this.exitCode = 128 + constants.signals[signalName];
  }
}

export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => controller.abort(new Interrupted(name));
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
