// One JSON line per event on stdout. Levels: error = a person must look, warn = something repaired
// itself or is being retried, info = a change of state, debug = for development.
// Secrets and personal data never leave: known field names are redacted, and SQL text with its values
// is dropped. Ids are no secret: they are how a line is found.

import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

export type Log = Logger;

const SECRET_FIELDS = [
  'password',
  'secret',
  'secrets',
  'authorization',
  'token',
  'url',
  'signature',
];
/** Of buyers: as in the contract's messages, and as providers call them. */
const PERSONAL_FIELDS = [
  'recipient',
  'address',
  'phone',
  'email',
  'account',
  'card',
  'cardNumber',
  'pan',
  'shipping',
  'topUp',
  'booking',
];
const HIDDEN_FIELDS = [...SECRET_FIELDS, ...PERSONAL_FIELDS];

export function createLog(
  o: { service: string; level: string },
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Log {
  return pino(
    {
      level: o.level,
      base: { service: o.service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: HIDDEN_FIELDS.flatMap(atEveryDepth), censor: '[redacted]' },
      serializers: { err: describeError },
    },
    destination,
  );
}

// Wildcards stand for one level each; nothing that we log nests deeper than this.
function atEveryDepth(field: string): string[] {
  return [field, `*.${field}`, `*.*.${field}`];
}

interface DriverError {
  sql?: unknown;
  parameters?: unknown;
}

// The driver attaches the whole statement with its values: large, and full of customers' data.
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { sql: _sql, parameters: _values, ...rest } = stdSerializers.err(error) as DriverError;
  return rest;
}
