// Switches a process's metrics on, if its configuration says where to serve them: the endpoint, what
// Node says of itself, and the looks at its stores. Counting goes on either way.

import type { Clock } from '../clock.js';
import type { Lifecycle } from '../lifecycle.js';
import type { Log } from '../log.js';
import { serveMetrics } from './metric-endpoint.js';
import { type Look, startLook } from './metric-look.js';

export interface MetricsOptions {
  readonly service: string;
  /** `host:port`, port 0 for any; off without. */
  readonly address: string | undefined;
  readonly looks?: readonly Look[];
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
}

export async function openMetrics(o: MetricsOptions): Promise<void> {
  const endpoint = await serveMetrics(o);
  if (endpoint === undefined) return;
  o.lifecycle.onStop('metrics', () => endpoint.stop());
  const loops = (o.looks ?? []).map((look) => startLook(look, o));
  o.lifecycle.onStop('looks', async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
  });
  o.log.info({ port: endpoint.port }, 'serving metrics');
}
