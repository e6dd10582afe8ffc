// Reads the validation rules out of the descriptors: for each rule of each field of a request, a value
// that breaks it and the name of the field that the refusal must give. A rule that no breaker knows is
// an error, so a new kind of rule cannot slip by untested.
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  isFieldSet,
} from '@bufbuild/protobuf';
import {
  BytesRulesSchema,
  EnumRulesSchema,
  type FieldRules,
  FieldRulesSchema,
  field as fieldRules,
  Ignore,
  Int32RulesSchema,
  Int64RulesSchema,
  MapRulesSchema,
  RepeatedRulesSchema,
  StringRulesSchema,
  UInt32RulesSchema,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { type PlainMessage, validKey, validMessage } from './valid-message.js';

export interface BrokenRule {
  /** As in `lines[0].quantity`. */
  field: string;
  /** As in `uint32.lte`. */
  rule: string;
  /** Which bound of which kind, for people. */
  how: string;
  message: PlainMessage;
}

/** Every rule of a request, each broken alone. */
export function brokenRules(schema: DescMessage): BrokenRule[] {
  return walk(schema, (change) => change(validMessage(schema)), '');
}

/** Applies a change to the part of the request that `walk` has come to and returns the request. */
type Rebuild = (change: (part: PlainMessage) => PlainMessage) => PlainMessage;

function walk(schema: DescMessage, rebuild: Rebuild, prefix: string): BrokenRule[] {
  return schema.fields.flatMap((field) => {
    const name = `${prefix}${field.name}`;
    const rules = getOption(field, fieldRules);
    if (rules.ignore === Ignore.ALWAYS) return [];
    const own = breakers(field, rules).map(({ at, rule, how, value }) => ({
      field: `${name}${at}`,
      rule,
      how: how ?? rule,
      message: rebuild((part) => ({ ...part, [field.localName]: value })),
    }));
    return [...own, ...inner(field, rebuild, name)];
  });
}

function inner(field: DescField, rebuild: Rebuild, name: string): BrokenRule[] {
  if (field.message === undefined || field.message.typeName.startsWith('google.protobuf.')) {
    return [];
  }
  const key = field.localName;
  const { message, oneof } = field;
  if (oneof) {
    const into: Rebuild = (change) =>
      rebuild((part) => {
        const chosen = { case: key, value: change(validMessage(message)) };
        return { ...part, [oneof.localName]: chosen };
      });
    return walk(message, into, `${name}.`);
  }
  if (field.fieldKind === 'message') {
    const into: Rebuild = (change) =>
      rebuild((part) => ({ ...part, [key]: change(part[key] as PlainMessage) }));
    return walk(field.message, into, `${name}.`);
  }
  const into: Rebuild = (change) =>
    rebuild((part) => {
      const [first, ...rest] = part[key] as PlainMessage[];
      return { ...part, [key]: [change(first as PlainMessage), ...rest] };
    });
  return walk(field.message, into, `${name}[0].`);
}

interface Breaker {
  /** '' for the field itself, `[0]` for its first item. */
  at: string;
  rule: string;
  /** When the rule's id does not say which end of a range was passed. */
  how?: string;
  value: unknown;
}

function breakers(field: DescField, rules: FieldRules): Breaker[] {
  const found: Breaker[] = [];
  if (rules.required) found.push({ at: '', rule: 'required', value: undefined });
  for (const unknown of FieldRulesSchema.fields) {
    const known = ['required', 'ignore'].includes(unknown.name) || unknown.oneof !== undefined;
    if (!known && isFieldSet(rules, unknown)) throw new Error(`no breaker for ${unknown.name}`);
  }
  if (rules.type.case === undefined) return found;
  if (rules.type.case === 'repeated') return [...found, ...repeatedBreakers(field, rules)];
  if (rules.type.case === 'map') return [...found, ...mapBreakers(field, rules)];
  const values = scalarBreakers(rules, field.enum);
  return [...found, ...values.map((value) => ({ at: '', ...value }))];
}

function repeatedBreakers(field: DescField, rules: FieldRules): Breaker[] {
  if (rules.type.case !== 'repeated') return [];
  const list = rules.type.value;
  const item = () => (field.message ? validMessage(field.message) : 'x');
  const items = (count: bigint) =>
    Array.from({ length: Number(count) }, (_, i) =>
      field.message ? validMessage(field.message) : `x${i}`,
    );
  return RepeatedRulesSchema.fields.flatMap((rule): Breaker[] => {
    if (!isFieldSet(list, rule)) return [];
    const at = '';
    switch (rule.name) {
      case 'min_items':
        return [{ at, rule: 'repeated.min_items', value: items(list.minItems - 1n) }];
      case 'max_items':
        return [{ at, rule: 'repeated.max_items', value: items(list.maxItems + 1n) }];
      case 'unique':
        return [{ at, rule: 'repeated.unique', value: [item(), item()] }];
      case 'items':
        return scalarBreakers(list.items as FieldRules, field.enum).map((broken) => ({
          ...broken,
          at: '[0]',
          value: [broken.value],
        }));
      default:
        throw new Error(`no breaker for repeated.${rule.name}`);
    }
  });
}

/** Of maps from text to text. */
function mapBreakers(field: DescField, rules: FieldRules): Breaker[] {
  if (rules.type.case !== 'map') return [];
  const map = rules.type.value;
  const key = validKey(field);
  return MapRulesSchema.fields.flatMap((rule): Breaker[] => {
    if (!isFieldSet(map, rule)) return [];
    switch (rule.name) {
      case 'max_pairs': {
        const pairs = Array.from({ length: Number(map.maxPairs) + 1 }, (_, i) => [`k${i}`, 'x']);
        return [{ at: '', rule: 'map.max_pairs', value: Object.fromEntries(pairs) }];
      }
      case 'keys':
        return scalarBreakers(map.keys as FieldRules).map((broken) => ({
          ...broken,
          at: `["${String(broken.value)}"]`,
          value: { [String(broken.value)]: 'x' },
        }));
      case 'values':
        return scalarBreakers(map.values as FieldRules).map((broken) => ({
          ...broken,
          at: `["${key}"]`,
          value: { [key]: broken.value },
        }));
      default:
        throw new Error(`no breaker for map.${rule.name}`);
    }
  });
}

const RULE_SCHEMAS: Record<string, DescMessage> = {
  string: StringRulesSchema,
  bytes: BytesRulesSchema,
  int32: Int32RulesSchema,
  int64: Int64RulesSchema,
  uint32: UInt32RulesSchema,
  enum: EnumRulesSchema,
};

function scalarBreakers(rules: FieldRules, of?: DescEnum): Omit<Breaker, 'at'>[] {
  const kind = rules.type.case ?? '';
  const schema = RULE_SCHEMAS[kind];
  if (!schema) throw new Error(`no breaker for ${kind} rules`);
  const set = rules.type.value as unknown as Record<string, unknown> & FieldRules;
  const given = schema.fields.filter((rule) => isFieldSet(set, rule));
  const names = given.map((rule) => rule.name);
  // The validator has one id for a range, whichever end of it is passed.
  const range = names.includes('gte') && names.includes('lte');
  return given.map((rule) => ({
    rule: `${kind}.${range && /^[gl]te$/.test(rule.name) ? 'gte_lte' : rule.name}`,
    how: `${kind}.${rule.name}`,
    value: breakingValue(`${kind}.${rule.name}`, bound(set, rule), of),
  }));
}

function bound(rules: Record<string, unknown>, rule: DescField): unknown {
  if (rule.oneof === undefined) return rules[rule.localName];
  return (rules[rule.oneof.localName] as { value: unknown }).value;
}

function breakingValue(rule: string, limit: unknown, of: DescEnum | undefined): unknown {
  switch (rule) {
    case 'string.pattern':
      return '!'.repeat(3);
    case 'string.min_len':
      return 'x'.repeat(Number(limit) - 1);
    case 'string.max_len':
      return 'x'.repeat(Number(limit) + 1);
    case 'bytes.max_len':
      return new Uint8Array(Number(limit) + 1);
    case 'int32.gte':
    case 'int64.gte':
    case 'uint32.gte':
      return typeof limit === 'bigint' ? limit - 1n : Number(limit) - 1;
    case 'int32.lte':
    case 'int64.lte':
    case 'uint32.lte':
      return typeof limit === 'bigint' ? limit + 1n : Number(limit) + 1;
    case 'uint32.lt':
      return Number(limit);
    case 'int64.not_in':
    case 'enum.not_in':
      return (limit as unknown[])[0];
    case 'enum.defined_only':
      return Math.max(...(of?.values ?? []).map((value) => value.number)) + 1;
    default:
      throw new Error(`no breaker for ${rule}`);
  }
}
