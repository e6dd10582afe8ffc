// A request that keeps every rule, made from its descriptor: what the tests of broken rules and of
// random input start from. It names nothing that exists, so nothing happens to anybody's order.
import { type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import {
  type FieldRules,
  field as fieldRules,
  Ignore,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

export type PlainMessage = Record<string, unknown>;

export function validMessage(schema: DescMessage): PlainMessage {
  const message: PlainMessage = {};
  for (const field of schema.fields) {
    const rules = getOption(field, fieldRules);
    // Of a oneof none is set: which one is right is told by other fields.
    if (rules.ignore === Ignore.ALWAYS || field.oneof) continue;
    const value = field.fieldKind === 'list' ? [validValue(field)] : validValue(field);
    if (value !== undefined) message[field.localName] = value;
  }
  return message;
}

function validValue(field: DescField): unknown {
  if (field.fieldKind === 'map') return { [validKey(field)]: validText(field) };
  if (field.message) {
    return field.message.typeName === 'google.protobuf.Timestamp'
      ? // Far off, and in the order of the fields: what opens, opens before it closes.
        { seconds: 4_000_000_000n + BigInt(field.number), nanos: 0 }
      : validMessage(field.message);
  }
  // The first named value is "unspecified", which some rules exclude.
  if (field.enum) return field.enum.values[1]?.number;
  switch (field.scalar) {
    case ScalarType.STRING:
      return validText(field);
    case ScalarType.BYTES:
      return new Uint8Array([123, 125]);
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
      return 1n;
    default:
      return 1;
  }
}

// Patterns of our own ids and words; each value here matches the one it stands for.
const TEXT_BY_PATTERN: Record<string, string> = {
  '^[A-Za-z0-9_.:-]{1,64}$': 'nobody-1',
  '^[A-Za-z0-9_.:-]{1,40}$': 'nobody-1',
  '^[0-9]{1,19}$': '1',
  '^[A-Z]{3}$': 'EUR',
  '^[a-z0-9_]{1,32}$': 'card',
  '^[a-z][a-z0-9_]{0,31}$': 'colour',
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}$': '2099-12-31',
};

/** For the key of a map of texts. */
export function validKey(field: DescField): string {
  const { type } = getOption(field, fieldRules);
  return textFor(field, type.case === 'map' ? type.value.keys?.type : undefined);
}

function validText(field: DescField): string {
  const { type } = getOption(field, fieldRules);
  if (type.case === 'map') return textFor(field, type.value.values?.type);
  return textFor(field, type.case === 'repeated' ? type.value.items?.type : type);
}

function textFor(field: DescField, rules: FieldRules['type'] | undefined): string {
  const pattern = rules?.case === 'string' ? rules.value.pattern : '';
  if (pattern === '') return field.name === 'page_token' ? '' : 'x';
  const text = TEXT_BY_PATTERN[pattern];
  if (text === undefined) throw new Error(`${field.name}: no example for the pattern ${pattern}`);
  return text;
}
