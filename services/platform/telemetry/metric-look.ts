// Looks at a store now and then, for gauges that no process can keep by counting: what waits, how old
// it is, whether it adds up. Several processes look at the same store; each costs it some
// milliseconds per interval and rests longer where a look takes longer.

import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { Loop } from '../loop.js';
import { gauges } from './metrics.js';

export interface Look {
  readonly name: string;
  run(): Promise<void>;
}

/** An alert that waits for a minute sees a gauge a dozen times in it. */
const INTERVAL_MS = 5_000;
/** A look that takes 250 ms makes the rest as long as the interval; above that, looking is 1/20. */
const REST_SHARE = 20;
/** However slow the store is, it is looked at so often. */
const REST_MS_MAX = 5 * 60_000;

export function startLook(look: Look, o: { clock: Clock; log: Log }): Loop {
  const { clock, log } = o;
  let seenMs = clock.monotonicMs();
  gauges('spillway.look.age')
    .of(look.name)
    .observe(() => (clock.monotonicMs() - seenMs) / 1_000);
  const run = async (signal: AbortSignal): Promise<'IDLE'> => {
    const startMs = clock.monotonicMs();
    await look.run();
    seenMs = clock.monotonicMs();
    const restMs = Math.min((seenMs - startMs) * REST_SHARE, REST_MS_MAX) - INTERVAL_MS;
    if (restMs > 0) await clock.sleep(restMs, signal);
    return 'IDLE';
  };
  const name = `look.${look.name}`;
  const loop = new Loop({
    name,
    intervalMs: INTERVAL_MS,
    errorDelayMs: INTERVAL_MS,
    run,
    log,
    clock,
  });
  loop.start();
  return loop;
}
