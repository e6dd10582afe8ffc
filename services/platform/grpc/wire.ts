// How gRPC writes a call over HTTP/2: time limits, prefixes of messages, and the header blocks of answers.
// Source: the protocol's own text, "gRPC over HTTP2".

import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Field } from '../http2/field.js';
import { encodeFields } from '../http2/hpack.js';

export const PREFIX_BYTES = 5;

const HEAD: readonly Field[] = [
  { name: ':status', value: '200' },
  { name: 'content-type', value: 'application/grpc+proto' },
];
/** Begins every answer. */
export const ANSWER_HEAD = encodeFields(HEAD);
/** Ends every answer that is no error. */
export const OK_TRAILERS = encodeFields([{ name: 'grpc-status', value: '0' }]);

/** The block that refuses a request which is none of gRPC. */
export function httpError(code: 405 | 415): Buffer {
  return encodeFields([{ name: ':status', value: String(code) }]);
}

/** Milliseconds, Infinity for no limit, undefined for what is no limit at all. */
export function timeoutMs(value: string | undefined): number | undefined {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  const unit = UNIT_MS[value.charAt(value.length - 1)];
  const digits = value.slice(0, -1);
  return unit === undefined || !DIGITS.test(digits) ? undefined : Number(digits) * unit;
}

const DIGITS = /^[0-9]{1,8}$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** A message with its prefix. */
export function prefixed(message: Buffer): Buffer {
  return Buffer.concat([prefixOf(message), message]);
}

/** Not compressed, and so many bytes. Good until the next one is asked for. */
export function prefixOf(message: Buffer): Buffer {
  prefix.writeUInt32BE(message.length, 1);
  return prefix;
}

const prefix = Buffer.alloc(PREFIX_BYTES);

/** What grpc-js reads of an error. */
export type Failure = Pick<Partial<ServiceError>, 'code' | 'details' | 'metadata'>;

interface Block {
  readonly code: status;
  readonly details: string;
  readonly alone: Buffer;
  readonly trailers: Buffer;
}

/** Errors that come thousands of times a second share their metadata, see status-details.ts. */
const blocks = new WeakMap<Metadata, Block>();

/** `alone`: nothing was sent before, so that the head comes with it. */
export function errorBlock(failure: Failure, alone: boolean): Buffer {
  const code = failure.code ?? status.UNKNOWN;
  const details = failure.details ?? '';
  const metadata = failure.metadata ?? EMPTY;
  let block = blocks.get(metadata);
  if (block === undefined || block.code !== code || block.details !== details) {
    const fields = [
      { name: 'grpc-status', value: String(code) },
      { name: 'grpc-message', value: percentEncoded(details) },
      ...fieldsOf(metadata),
    ];
    const both = encodeFields([...HEAD, ...fields]);
    block = { code, details, alone: both, trailers: encodeFields(fields) };
    blocks.set(metadata, block);
  }
  return alone ? block.alone : block.trailers;
}

const EMPTY = new Metadata();

function fieldsOf(metadata: Metadata): Field[] {
  return Object.entries(metadata.toHttp2Headers()).flatMap(([name, values]) => {
    const list = Array.isArray(values) ? values : [values];
    return list.map((value) => ({ name, value: String(value) }));
  });
}

/** Printable ASCII but for the percent sign itself. */
function percentEncoded(text: string): string {
  if (PLAIN.test(text)) return text;
  let coded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    coded += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return coded;
}

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

const OWN = new Set([
  'accept-encoding',
  'te',
  'content-type',
  'grpc-timeout',
  'grpc-encoding',
  'grpc-accept-encoding',
]);

/** The caller's own headers. Those of the protocol are left out; odd ones are passed over. */
export function metadataOf(fields: readonly Field[]): Metadata {
  const metadata = new Metadata();
  for (const { name, value } of fields) {
    if (name.startsWith(':') || OWN.has(name)) continue;
    try {
      if (!name.endsWith('-bin')) metadata.add(name, value);
      else for (const part of value.split(',')) metadata.add(name, Buffer.from(part, 'base64'));
    } catch {
      // A header that grpc-js would not take is none that anybody here asks for.
    }
  }
  return metadata;
}
