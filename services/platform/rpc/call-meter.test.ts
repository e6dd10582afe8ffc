import type { Message } from '@bufbuild/protobuf';
import { type handleUnaryCall, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { histograms } from '../telemetry/metrics.js';
import { metered } from './call-meter.js';
import { overloaded, toServiceError } from './errors.js';

const series = (code: string) => histograms('rpc.server.call.duration').of('shop.Till/Pay', code);

/** The code under which one call is counted. */
function counted(answer: 'OK' | 'OVERLOADED', o: { cancelled?: boolean; leftMs?: number } = {}) {
  const { cancelled = false, leftMs = 1_000 } = o;
  const call = { cancelled, getDeadline: () => Date.now() + leftMs };
  const handle: handleUnaryCall<Message, Buffer> = (_, reply) => {
    if (answer === 'OK') reply(null, Buffer.alloc(0));
    else reply(toServiceError(overloaded(1)));
  };
  const codes = Object.keys(status).filter((word) => /[A-Z]/.test(word));
  const before = codes.map((code) => series(code).count);
  let replies = 0;
  metered('/shop.Till/Pay', handle)(call as unknown as ServerUnaryCall<Message, Buffer>, () => {
    replies += 1;
  });
  expect(replies).toBe(1);
  return codes.filter((code, i) => series(code).count > (before[i] ?? 0));
}

test.each([
  ['an answer', 'OK', {}, 'OK'],
  ['a refusal', 'OVERLOADED', {}, 'RESOURCE_EXHAUSTED'],
  ['an answer that came too late', 'OK', { cancelled: true, leftMs: -1 }, 'DEADLINE_EXCEEDED'],
  ['an answer to somebody who has left', 'OK', { cancelled: true }, 'CANCELLED'],
] as const)('%s is counted as what its caller heard', (_, answer, o, code) => {
  expect(counted(answer, o)).toEqual([code]);
});
