// The yardstick: an empty call on a bare grpc-js server, with messages as long as ours, under the
// same generator with as many calls in flight. Counted is the processor time of that server alone,
// as with everything else that of all processes but the generator.
import { EMPTY_CALL_PATH, startEmptyCallServer } from '../demo/empty-call.js';
import { NODE_ARGS } from '../mesh.js';
import { RawClient } from './raw-client.js';
import type { Measurement } from './rounds.js';

export interface LimitOptions {
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

export interface OpenLimit {
  readonly measurement: Measurement<'limit'>;
  close(): void;
}

/** Its server has the same V8 settings as our services, so that only the work differs. */
export async function openLimit(o: LimitOptions): Promise<OpenLimit> {
  const server = await startEmptyCallServer({ ...o, nodeArgs: NODE_ARGS });
  const client = new RawClient([server.address]);
  const request = Buffer.alloc(o.requestBytes, 1);
  const call = async () => {
    const answer = await client.call(EMPTY_CALL_PATH, request);
    return answer.length === o.responseBytes ? 1 : 0;
  };
  return {
    measurement: {
      name: 'limit',
      load: () => ({ concurrency: o.concurrency, call }),
      processes: [{ name: 'limit', pid: server.pid }],
    },
    close() {
      client.close();
      server.stop();
    },
  };
}
