// Promise: a caller learns code, reason, fields and delay of a refusal, and nothing else.

import { create, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { DeadlineError, OverloadedError } from '../batcher.js';
import { ClockError } from '../ids.js';
import { UnavailableError, UnknownOutcomeError } from '../mysql/errors.js';
import { fromServiceError, invalidField, RpcError, toServiceError } from './errors.js';

const overTheWire = (error: unknown) => fromServiceError(toServiceError(error));

describe('a refusal crosses the wire whole', () => {
  const refusals: RpcError[] = [
    new RpcError({ code: status.FAILED_PRECONDITION, reason: 'SOLD_OUT', message: 'none left' }),
    new RpcError({
      code: status.FAILED_PRECONDITION,
      reason: 'SOLD_OUT',
      message: 'none left',
      metadata: { sku_id: 'sku-1', available: '0' },
    }),
    new RpcError({
      code: status.RESOURCE_EXHAUSTED,
      reason: 'OVERLOADED',
      message: 'later',
      retryDelayMs: 1_250,
    }),
    new RpcError({
      code: status.INVALID_ARGUMENT,
      reason: 'FIELD_INVALID',
      message: 'two fields',
      fields: [
        { field: 'lines[0].quantity', description: 'must be at least 1', reason: 'uint32.gte' },
        { field: 'user_id', description: 'must not be empty' },
      ],
    }),
    invalidField('page_token', 'is of another user: 100 % foreign, ünd odd'),
  ];
  test.each(refusals)('$reason $message', (refusal) => {
    const { code, reason, message, fields, retryDelayMs, metadata } = overTheWire(refusal);
    expect({ code, reason, message, fields, retryDelayMs, metadata }).toEqual({
      code: refusal.code,
      reason: refusal.reason,
      message: refusal.message,
      fields: refusal.fields,
      retryDelayMs: refusal.retryDelayMs,
      metadata: refusal.metadata,
    });
  });
});

describe('errors of our own machinery have their code and reason', () => {
  const transport = (code: status) => new RpcError({ code, reason: '', message: 'to 10.0.0.7:1' });
  const rows: [string, unknown, status, string, number | undefined][] = [
    ['overload', new OverloadedError('full', 70), 8, 'OVERLOADED', 70],
    ['too late', new DeadlineError('late'), 4, 'DEADLINE_EXCEEDED', undefined],
    ['MySQL down', new UnavailableError('10.0.0.7'), 14, 'DEPENDENCY_UNAVAILABLE', 200],
    ['COMMIT lost', new UnknownOutcomeError('10.0.0.7'), 14, 'DEPENDENCY_UNAVAILABLE', 200],
    ['no clock', new ClockError('back'), 14, 'DEPENDENCY_UNAVAILABLE', 200],
    ['peer down', transport(status.UNAVAILABLE), 14, 'DEPENDENCY_UNAVAILABLE', 200],
    ['caller left', transport(status.CANCELLED), 1, '', undefined],
    ['caller left', new DOMException('', 'AbortError'), 1, '', undefined],
    ['peer late', transport(status.DEADLINE_EXCEEDED), 4, 'DEADLINE_EXCEEDED', undefined],
  ];
  test.each(rows)('%s', (_, error, code, reason, retryDelayMs) => {
    const seen = overTheWire(error);
    expect(seen).toMatchObject({ code, reason, retryDelayMs });
    expect(seen.message).not.toContain('10.0.0.7');
  });
});

test('two refusals that differ only in metadata do not share their trailers', () => {
  const soldOut = (sku_id: string) =>
    new RpcError({ code: 9, reason: 'SOLD_OUT', message: 'none left', metadata: { sku_id } });
  for (const sku_id of ['sku-1', 'sku-2', 'sku-1']) {
    expect(overTheWire(soldOut(sku_id)).metadata).toEqual({ sku_id });
  }
});

test('a bug is masked on the wire and whole in the log', () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  for (const bug of [new TypeError('secret row 17'), 'a string', undefined, { code: 5 }]) {
    const sent = toServiceError(bug, log);
    expect(sent).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
    expect(sent.metadata.getMap()).toEqual({});
  }
  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('secret row 17');
});

test('an outage is logged, but not once per call', () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  for (let call = 0; call < 1_000; call += 1) toServiceError(new UnavailableError('down'), log);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual(20);
});

test('a hundred broken fields do not burst the trailers', () => {
  const fields = Array.from({ length: 100 }, (_, at) => ({
    field: `items[${at}].reservation_id`,
    description: 'does not match regex pattern `^[A-Za-z0-9_.:-]{1,64}$`',
    reason: 'string.pattern',
  }));
  const error = new RpcError({ code: 3, reason: 'FIELD_INVALID', message: 'many', fields });
  expect(overTheWire(error).fields).toEqual(fields.slice(0, 20));
});

function statusWith({ typeName }: DescMessage, value: Uint8Array): Buffer {
  const details = [{ typeUrl: `type.googleapis.com/${typeName}`, value }];
  return Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code: 14, details })));
}

describe('a foreign error gives its code, its text and no reason', () => {
  const trailers = (bytes?: Buffer) => {
    const metadata = new Metadata();
    if (bytes) metadata.set('grpc-status-details-bin', bytes);
    return metadata;
  };
  test.each([
    ['no trailer', trailers()],
    ['rubbish in the trailer', trailers(Buffer.from([0xff, 0xff, 0xff]))],
    ['rubbish in a detail', trailers(statusWith(ErrorInfoSchema, Uint8Array.of(0xff, 0xff)))],
    [
      'the reason of another domain',
      trailers(
        statusWith(
          ErrorInfoSchema,
          toBinary(
            ErrorInfoSchema,
            create(ErrorInfoSchema, { reason: 'SOLD_OUT', domain: 'example.com' }),
          ),
        ),
      ),
    ],
  ])('%s', (_, metadata) => {
    const foreign = { name: '', message: '14 UNAVAILABLE: gone', details: 'gone', metadata };
    const seen = fromServiceError({ ...foreign, code: status.UNAVAILABLE });
    expect(seen).toMatchObject({ code: status.UNAVAILABLE, reason: '', message: 'gone' });
  });
});
