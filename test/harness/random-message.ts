// Random requests from a seed: mostly plausible, here and there odd, so that many pass validation and
// meet the code behind it with values that nobody thought of.
import {
  type DescField,
  type DescMessage,
  type DescOneof,
  getOption,
  ScalarType,
} from '@bufbuild/protobuf';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { type PlainMessage, validMessage } from './valid-message.js';

export type Random = () => number;

/** Mulberry32: small, and the same on every machine. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** Ids of things that exist, by the name of the field that would hold them: `order_id`. */
export type Known = Readonly<Record<string, readonly string[]>>;

// One field in five is odd, so that of a message of five fields a third is valid.
const ODD = 0.15;
const ABSENT = 0.05;

export function randomMessage(schema: DescMessage, random: Random, known: Known): PlainMessage {
  const message = validMessage(schema);
  for (const oneof of schema.oneofs) choose(message, oneof, random, known);
  for (const field of schema.fields) {
    if (field.oneof) continue;
    const chance = random();
    const ids = known[field.name.replace(/_ids$/, '_id')];
    if (chance < ODD) message[field.localName] = randomValue(field, random, known);
    else if (chance < ODD + ABSENT) delete message[field.localName];
    else if (ids)
      message[field.localName] = field.fieldKind === 'list' ? [...ids] : pick(random, ids);
    else if (field.message) nest(message, field, random, known);
    else if (isFreeText(field)) message[field.localName] = pick(random, SHORT_TEXTS);
  }
  return message;
}

function nest(message: PlainMessage, field: DescField, random: Random, known: Known): void {
  if (!field.message || field.message.typeName.startsWith('google.protobuf.')) return;
  const inner = randomMessage(field.message, random, known);
  message[field.localName] = field.fieldKind === 'list' ? [inner] : inner;
}

/** One of them now and then; mostly none. */
function choose(message: PlainMessage, oneof: DescOneof, random: Random, known: Known): void {
  if (random() < 0.5) return;
  const field = pick(random, oneof.fields);
  const value = randomItem(field, random, known);
  message[oneof.localName] = { case: field.localName, value };
}

/** Words for people: a title, a reason. They have no pattern, so anything may be in them. */
function isFreeText(field: DescField): boolean {
  if (field.fieldKind !== 'scalar' || field.scalar !== ScalarType.STRING) return false;
  if (field.name === 'page_token') return false;
  const { type } = getOption(field, fieldRules);
  return type.case === 'string' && type.value.pattern === '';
}

function randomValue(field: DescField, random: Random, known: Known): unknown {
  if (field.fieldKind === 'map') return { [pick(random, SHORT_TEXTS)]: pick(random, TEXTS) };
  if (field.fieldKind !== 'list') return randomItem(field, random, known);
  const count = pick(random, [0, 1, 1, 1, 2, 3, 20, 21]);
  return Array.from({ length: count }, () => randomItem(field, random, known));
}

const TEXTS = [
  '',
  'x',
  'nobody-1',
  '0',
  '-1',
  '1e3',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  'p-1',
  'p-9223372036854775807',
  'p-',
  'r-1',
  '007',
  '..',
  ':',
  '__proto__',
  'constructor',
  'card',
  'EUR',
  'sandbox',
  "'; DROP TABLE orders; --",
  '\u0000',
  '\u{1F525}'.repeat(200),
  '\u{1F525}'.repeat(30),
  '\ud800 alone',
  'ä'.repeat(64),
  'é\r\n\tx',
  'x'.repeat(64),
  'x'.repeat(200),
  'x'.repeat(100_000),
];

const SHORT_TEXTS = TEXTS.filter((text) => text !== '' && text.length <= 64);

const WHOLE = [0, 1, 2, 3, 100, 1_000, 10_000, 1_000_000, 2 ** 31 - 1];
const BIG = [0n, 1n, -1n, 10n ** 9n, 10n ** 15n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];

function randomItem(field: DescField, random: Random, known: Known): unknown {
  if (field.message?.typeName === 'google.protobuf.Timestamp') {
    return { seconds: pick(random, [...BIG, 4_000_000_000n]), nanos: pick(random, [0, -1, 2e9]) };
  }
  if (field.message) return randomMessage(field.message, random, known);
  if (field.enum) return pick(random, [...field.enum.values.map((value) => value.number), 99, -1]);
  switch (field.scalar) {
    case ScalarType.STRING:
      return pick(random, random() < 0.3 ? Object.values(known).flat() : TEXTS);
    case ScalarType.BYTES:
      return Uint8Array.from({ length: pick(random, [0, 1, 300]) }, () => random() * 256);
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.INT64:
      return pick(random, BIG);
    case ScalarType.INT32:
      return pick(random, [...WHOLE, -1, -(2 ** 31)]);
    default:
      return pick(random, WHOLE);
  }
}
