// Rich errors on the wire: google.rpc.Status in the trailer `grpc-status-details-bin`, with
// ErrorInfo, BadRequest and RetryInfo. Only google.rpc types, because some clients drop every
// detail when they meet one type they do not know.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Any, anyIs, anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';

const TRAILER = 'grpc-status-details-bin';
const DOMAIN = 'spillway';
// Trailers share one header block, which peers limit to 8 to 64 KiB: 20 violations of about
// 150 bytes are 3 KiB, 4 KiB in base64.
const FIELDS_MAX = 20;

export interface FieldViolation {
  /** Proto names: `lines[0].quantity`. */
  field: string;
  description: string;
  /** The broken rule, such as `string.pattern`. */
  reason?: string;
}

export interface Details {
  code: number;
  message: string;
  reason: string;
  fields: readonly FieldViolation[];
  retryDelayMs: number | undefined;
  metadata: Readonly<Record<string, string>>;
}

// A sold-out sale refuses thousands of calls a second with the same few refusals, and packing one
// takes a quarter of the time of a whole call. Cleared when full, as messages may name ids.
const PACKED_MAX = 256;
const packed = new Map<string, Metadata>();

/** The trailers of an error. They may be shared between calls: clone before changing. */
export function encodeDetails(error: Details): Metadata {
  const { code, reason, message, fields, retryDelayMs, metadata } = error;
  if (fields.length > 0) return pack(error);
  const key = JSON.stringify([code, reason, message, retryDelayMs, metadata]);
  let trailers = packed.get(key);
  if (!trailers) {
    trailers = pack(error);
    if (packed.size >= PACKED_MAX) packed.clear();
    packed.set(key, trailers);
  }
  return trailers;
}

function pack(error: Details): Metadata {
  const trailers = new Metadata();
  const details: Any[] = [];
  if (error.reason !== '') {
    const { reason, metadata } = error;
    const info = create(ErrorInfoSchema, { reason, domain: DOMAIN, metadata });
    details.push(anyPack(ErrorInfoSchema, info));
  }
  if (error.fields.length > 0) {
    const fieldViolations = error.fields.slice(0, FIELDS_MAX);
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (error.retryDelayMs !== undefined) {
    const retryDelay = durationOf(error.retryDelayMs);
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  if (details.length === 0) return trailers;
  const { code, message } = error;
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message, details }));
  trailers.set(TRAILER, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return trailers;
}

export interface DecodedDetails {
  reason: string;
  fields?: FieldViolation[];
  retryDelayMs?: number;
  metadata?: Record<string, string>;
}

/** What a peer's trailers say; a peer that is not ours, or no peer at all, gives reason ''. */
export function decodeDetails(trailers: Metadata | undefined): DecodedDetails {
  const bytes = trailers?.get(TRAILER)[0];
  if (!(bytes instanceof Uint8Array)) return { reason: '' };
  try {
    const found: DecodedDetails = { reason: '' };
    for (const detail of fromBinary(StatusSchema, bytes).details) decodeInto(found, detail);
    return found;
  } catch {
    // A peer that sends rubbish still sent a status code, and that is what the caller gets.
    return { reason: '' };
  }
}

function decodeInto(found: DecodedDetails, detail: Any): void {
  if (anyIs(detail, ErrorInfoSchema)) {
    const info = fromBinary(ErrorInfoSchema, detail.value);
    if (info.domain !== DOMAIN) return;
    found.reason = info.reason;
    found.metadata = info.metadata;
  } else if (anyIs(detail, BadRequestSchema)) {
    const { fieldViolations } = fromBinary(BadRequestSchema, detail.value);
    found.fields = fieldViolations.map(({ field, description, reason }) =>
      reason === '' ? { field, description } : { field, description, reason },
    );
  } else if (anyIs(detail, RetryInfoSchema)) {
    const { retryDelay } = fromBinary(RetryInfoSchema, detail.value);
    if (retryDelay) found.retryDelayMs = Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6;
  }
}

function durationOf(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
