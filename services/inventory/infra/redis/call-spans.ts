// The spans of Lua calls: one for each call that carries a recorded part, with what it answered.

import {
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_STORED_PROCEDURE_NAME,
  ATTR_DB_SYSTEM_NAME,
} from '@opentelemetry/semantic-conventions';
import { DB_SYSTEM_NAME_VALUE_REDIS } from '@opentelemetry/semantic-conventions/incubating';
import { beginBatch, endBatch, spanOf } from '../../../platform/telemetry/trace-batch.js';
import type { Span } from '../../../platform/telemetry/trace-context.js';
import type { GateReply } from '../../domain/reservation.js';
import type { Pack } from './reserve-calls.js';
import type { ScriptName } from './scripts.js';

export function beginCalls(script: ScriptName, packs: readonly Pack[]): (Span | undefined)[] {
  return packs.map((pack) =>
    beginBatch(`redis.${script}`, pack.parts, spanOf, {
      [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_REDIS,
      [ATTR_DB_OPERATION_NAME]: 'EVALSHA',
      [ATTR_DB_STORED_PROCEDURE_NAME]: `${script}.lua`,
      'spillway.partition': pack.parts[0]?.partition,
    }),
  );
}

export function endCalls(
  spans: readonly (Span | undefined)[],
  packs: readonly Pack[],
  replies: readonly GateReply[],
): void {
  packs.forEach(({ indexes }, p) => {
    const span = spans[p];
    if (span === undefined) return;
    endBatch(
      span,
      indexes.map((index) => replies[index]),
    );
  });
}
