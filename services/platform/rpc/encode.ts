// Turns what handlers return and clients send into bytes, straight from plain objects: making a message
// first, and then bytes from many small chunks, costs six times as much on the path of every order.
//
// Invariant: the bytes are those that the library makes (encode.test.ts compares them). A schema with a
// kind of field that is not known here is encoded by the library.

import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { scalarZeroValue } from '@bufbuild/protobuf/reflect';
import { assert } from '../assert.js';
import { ByteSink } from './byte-sink.js';
import { unlessZero } from './unless-zero.js';

/** What handlers return and clients send: a message, or the plain object that makes one. */
export type MessageLike = Message | Record<string, unknown>;

type Write = (sink: ByteSink, value: unknown) => void;
type Fields = { [name: string]: unknown };

/** One for the process: encoding never waits. */
const shared = new ByteSink();

export function encoder(schema: DescMessage): (value: MessageLike) => Buffer {
  const write = messageWriter(schema, new Map());
  if (write === undefined) return (value) => byLibrary(schema, value);
  return (value) => {
    shared.clear();
    write(shared, value);
    return shared.toBuffer();
  };
}

function byLibrary(schema: DescMessage, value: MessageLike): Buffer {
  // What has a type name was made by create() already, nested messages included.
  const message = '$typeName' in value ? (value as Message) : create(schema, value);
  const bytes = toBinary(schema, message);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Undefined when the library must do it. `known` is for types that contain themselves. */
function messageWriter(schema: DescMessage, known: Map<DescMessage, Write>): Write | undefined {
  const earlier = known.get(schema);
  if (earlier !== undefined) return earlier;
  // Of these the library takes more than the plain message.
  const special = schema.typeName.startsWith('google.protobuf.');
  if (special && schema.typeName !== 'google.protobuf.Timestamp') return undefined;
  const writers: Write[] = [];
  const write: Write = (sink, value) => {
    assert(typeof value === 'object' && value !== null, 'a message');
    for (let i = 0; i < writers.length; i++) (writers[i] as Write)(sink, value);
  };
  known.set(schema, write);
  for (const field of [...schema.fields].sort((a, b) => a.number - b.number)) {
    const writer = fieldWriter(field, known);
    if (writer === undefined) return undefined;
    writers.push(writer);
  }
  return write;
}

function fieldWriter(field: DescField, known: Map<DescMessage, Write>): Write | undefined {
  const name = field.localName;
  if (field.fieldKind === 'map') return mapWriter(field, known);
  const write = valueWriter(field, known);
  if (write === undefined) return undefined;
  if (field.oneof !== undefined) {
    const group = field.oneof.localName;
    return (sink, message) => {
      const chosen = (message as Fields)[group] as { case?: string; value?: unknown } | undefined;
      if (chosen?.case === name) write(sink, chosen.value);
    };
  }
  if (field.fieldKind === 'list') {
    return field.packed ? packed(field.number, name, write) : repeated(name, write);
  }
  if (field.fieldKind === 'message' || field.proto.proto3Optional) {
    return (sink, message) => {
      const value = (message as Fields)[name];
      if (value !== undefined) write(sink, value);
    };
  }
  const zero = field.fieldKind === 'scalar' ? scalarZeroValue(field.scalar, false) : 0;
  return unlessZero(name, write, zero);
}

function repeated(name: string, write: Write): Write {
  return (sink, message) => {
    const values = (message as Fields)[name] as readonly unknown[] | undefined;
    if (values === undefined) return;
    for (let i = 0; i < values.length; i++) write(sink, values[i]);
  };
}

function packed(number: number, name: string, write: Write): Write {
  return (sink, message) => {
    const values = (message as Fields)[name] as readonly unknown[] | undefined;
    if (values === undefined || values.length === 0) return;
    sink.tag(number, LENGTH_DELIMITED);
    const start = sink.open();
    for (let i = 0; i < values.length; i++) write(sink, values[i]);
    sink.close(start);
  };
}

/** Each entry is a message of two fields, and both are always written. */
function mapWriter(
  field: DescField & { fieldKind: 'map' },
  known: Map<DescMessage, Write>,
): Write | undefined {
  const { localName: name, number, mapKey, mapKind } = field;
  const nested = mapKind === 'message' ? messageWriter(field.message, known) : undefined;
  const texts = mapKind === 'scalar' && field.scalar === ScalarType.STRING;
  if (mapKey !== ScalarType.STRING || (nested === undefined && !texts)) return undefined;
  return (sink, message) => {
    const map = (message as Fields)[name] as Fields | undefined;
    if (map === undefined) return;
    for (const key of Object.keys(map)) {
      sink.tag(number, LENGTH_DELIMITED);
      const start = sink.open();
      writeText(sink, 1, key);
      if (nested === undefined) writeText(sink, 2, map[key]);
      else writeNested(sink, 2, map[key], nested);
      sink.close(start);
    }
  };
}

function writeText(sink: ByteSink, number: number, value: unknown): void {
  assert(typeof value === 'string', 'a text');
  sink.tag(number, LENGTH_DELIMITED);
  sink.text(value);
}

function writeNested(sink: ByteSink, number: number, value: unknown, write: Write): void {
  sink.tag(number, LENGTH_DELIMITED);
  const start = sink.open();
  write(sink, value);
  sink.close(start);
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Writes tag and value; of a packed list only the value. */
function valueWriter(field: DescField, known: Map<DescMessage, Write>): Write | undefined {
  if (field.fieldKind === 'map') return undefined;
  const { number } = field;
  if (field.message !== undefined) {
    if (field.delimitedEncoding) return undefined;
    const write = messageWriter(field.message, known);
    if (write === undefined) return undefined;
    return (sink, value) => writeNested(sink, number, value, write);
  }
  const scalar = field.enum === undefined ? field.scalar : ScalarType.INT32;
  if (scalar === ScalarType.STRING) {
    return (sink, value) => writeText(sink, number, value);
  }
  const write = varintWriter(scalar);
  if (write === undefined) return undefined;
  if (field.fieldKind === 'list' && field.packed) return write;
  return (sink, value) => {
    sink.tag(number, VARINT);
    write(sink, value);
  };
}

function varintWriter(scalar: ScalarType | undefined): Write | undefined {
  switch (scalar) {
    case ScalarType.BOOL:
      return (sink, value) => {
        assert(typeof value === 'boolean', 'yes or no');
        sink.varint(value ? 1 : 0);
      };
    case ScalarType.UINT32:
      return (sink, value) => {
        assert((value as number) >>> 0 === value, 'a uint32');
        sink.varint(value);
      };
    case ScalarType.INT32:
      return (sink, value) => {
        assert(((value as number) | 0) === value, 'an int32');
        if (value >= 0) sink.varint(value);
        else sink.bigVarint(BigInt(value));
      };
    case ScalarType.INT64:
      return longWriter(-(2n ** 63n), 2n ** 63n - 1n);
    case ScalarType.UINT64:
      return longWriter(0n, 2n ** 64n - 1n);
    default:
      return undefined;
  }
}

function longWriter(least: bigint, most: bigint): Write {
  return (sink, value) => {
    assert(
      typeof value === 'bigint' && value >= least && value <= most,
      'a whole number of 64 bits',
    );
    sink.bigVarint(value);
  };
}
