// Times calls, as server and as client: one histogram per method and status. Each series is found once
// per method and code and then kept, so that a call costs two looks at the clock.

import type { Message } from '@bufbuild/protobuf';
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import { type Histogram, histograms } from '../telemetry/metrics.js';
import { callerDeadlineMs } from './call-context.js';

type Durations = ReturnType<typeof histograms<'rpc.server.call.duration'>>;

const DURATIONS: Readonly<Record<'server' | 'client', Durations>> = {
  server: histograms('rpc.server.call.duration'),
  client: histograms('rpc.client.call.duration'),
};

export class CallMeter {
  readonly #method: string;
  readonly #family: Durations;
  readonly #series: Histogram[] = [];

  /** `path` is /package.Service/Method; the label goes without the first slash. */
  constructor(side: 'server' | 'client', path: string) {
    this.#method = path.slice(1);
    this.#family = DURATIONS[side];
  }

  ended(startMs: number, code: number): void {
    const series = this.#series[code] ?? this.#open(code);
    series.record((performance.now() - startMs) / 1_000);
  }

  #open(code: number): Histogram {
    const series = this.#family.of(this.#method, status[code] ?? 'UNKNOWN');
    this.#series[code] = series;
    return series;
  }
}

/** The same method, timed from its arrival until its answer is handed over. */
export function metered(
  path: string,
  handle: handleUnaryCall<Message, Buffer>,
): handleUnaryCall<Message, Buffer> {
  const meter = new CallMeter('server', path);
  return (call, reply) => {
    const startMs = performance.now();
    handle(call, (error, value, trailer, flags) => {
      meter.ended(startMs, call.cancelled ? unheard(call) : (error?.code ?? status.OK));
      reply(error, value, trailer, flags);
    });
  };
}

/** Whatever the answer was, the caller has not heard it. */
function unheard(call: Parameters<typeof callerDeadlineMs>[0]): number {
  return Date.now() >= callerDeadlineMs(call) ? status.DEADLINE_EXCEEDED : status.CANCELLED;
}
