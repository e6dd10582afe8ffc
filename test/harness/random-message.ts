// Random requests from a seed: mostly plausible, here and there odd, so that many pass validation and
// meet the code behind it with values that nobody thought of.
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
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

/** `known` are ids of things that exist. */
export function randomMessage(
  schema: DescMessage,
  random: Random,
  known: readonly string[],
): PlainMessage {
  const message = validMessage(schema);
  for (const field of schema.fields) {
    const chance = random();
    if (chance < 0.1) delete message[field.localName];
    else if (chance < 0.6) message[field.localName] = randomValue(field, random, known);
  }
  return message;
}

function randomValue(field: DescField, random: Random, known: readonly string[]): unknown {
  if (field.fieldKind === 'map') return {};
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
  'ä'.repeat(64),
  'é\r\n\tx',
  'x'.repeat(64),
  'x'.repeat(200),
  'x'.repeat(100_000),
];

const WHOLE = [0, 1, 2, 3, 100, 1_000, 10_000, 1_000_000, 2 ** 31 - 1];
const BIG = [0n, 1n, -1n, 10n ** 9n, 10n ** 15n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];

function randomItem(field: DescField, random: Random, known: readonly string[]): unknown {
  if (field.message?.typeName === 'google.protobuf.Timestamp') {
    return { seconds: pick(random, [...BIG, 4_000_000_000n]), nanos: pick(random, [0, -1, 2e9]) };
  }
  if (field.message) return randomMessage(field.message, random, known);
  if (field.enum) return pick(random, [...field.enum.values.map((value) => value.number), 99, -1]);
  switch (field.scalar) {
    case ScalarType.STRING:
      return random() < 0.6 ? pick(random, known) : pick(random, TEXTS);
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
