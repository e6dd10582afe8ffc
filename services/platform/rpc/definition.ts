// Turns protobuf-es descriptors into what grpc-js wants: paths, encoders, decoders.
// The one place where message bytes are made; nothing here copies a message's bytes.
import { type DescMessage, type DescMethod, fromBinary, type Message } from '@bufbuild/protobuf';

export { encoder, type MessageLike } from './encode.js';

export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

export function decoder(schema: DescMessage): (bytes: Buffer) => Message {
  return (bytes) => fromBinary(schema, bytes);
}

/** What stands for a request whose bytes are no such message; the request check refuses it. */
export const MALFORMED = Object.freeze({ $typeName: 'malformed' }) as Message;

/**
 * For the server. grpc-js answers INTERNAL when a decoder throws, but a caller who sends rubbish has
 * made a mistake of his own.
 */
export function requestDecoder(schema: DescMessage): (bytes: Buffer) => Message {
  return (bytes) => {
    try {
      return fromBinary(schema, bytes);
    } catch {
      return MALFORMED;
    }
  };
}

/** For the side whose bytes we make ourselves, so that a failing encoder fails in our code. */
export function alreadyEncoded(bytes: Buffer): Buffer {
  return bytes;
}
