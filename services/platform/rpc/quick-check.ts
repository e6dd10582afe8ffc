// Says of most valid requests that they are valid, at a fraction of the validator's price; false is "not
// certain". It knows the rules that our contracts use; whatever else it meets, in the schema or in a
// request, is left to the validator, which also says what exactly is wrong.
//
// Invariant: what passes here passes the validator (quick-check.test.ts compares them).

import {
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  isFieldSet,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import {
  EnumRulesSchema,
  type FieldRules,
  FieldRulesSchema,
  field as fieldRules,
  Ignore,
  Int32RulesSchema,
  Int64RulesSchema,
  MapRulesSchema,
  message as messageRules,
  oneof as oneofRules,
  RepeatedRulesSchema,
  type StringRules,
  StringRulesSchema,
  UInt32RulesSchema,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

type Holds = (value: unknown) => boolean;
type Fields = { [name: string]: unknown };

export function quickCheck(schema: DescMessage): (request: Message) => boolean {
  return messageCheck(schema, new Map()) ?? (() => false);
}

/** Undefined: there is a rule that is not known here. `known` is for types that contain themselves. */
function messageCheck(schema: DescMessage, known: Map<DescMessage, Holds>): Holds | undefined {
  const earlier = known.get(schema);
  if (earlier !== undefined) return earlier;
  if (hasOption(schema, messageRules)) return undefined;
  if (schema.oneofs.some((each) => hasOption(each, oneofRules))) return undefined;
  const checks: Holds[] = [];
  const holds: Holds = (message) => {
    for (let i = 0; i < checks.length; i++) if (!checks[i]?.(message)) return false;
    return true;
  };
  known.set(schema, holds);
  for (const each of schema.fields) {
    const check = fieldCheck(each, known);
    if (check === undefined) return undefined;
    if (check !== ALWAYS) checks.push(check);
  }
  return holds;
}

const ALWAYS: Holds = () => true;

function fieldCheck(field: DescField, known: Map<DescMessage, Holds>): Holds | undefined {
  const rules = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  if (rules?.ignore === Ignore.ALWAYS) return ALWAYS;
  if (rules !== undefined && !only(FieldRulesSchema, rules, FIELD_RULES)) return undefined;
  const check = valueCheck(field, rules, known);
  if (check === undefined) return undefined;
  const required = rules?.required === true;
  if (check === ALWAYS && !required) return ALWAYS;
  const name = field.localName;
  if (field.oneof !== undefined) {
    if (required) return undefined;
    const group = field.oneof.localName;
    return (message) => {
      const chosen = (message as Fields)[group] as { case?: string; value?: unknown };
      return chosen.case !== name || check(chosen.value);
    };
  }
  const optional = field.fieldKind === 'message' || field.proto.proto3Optional;
  // Required of a value that is always there means something else: not zero.
  if (required && !optional) return undefined;
  return (message) => {
    const value = (message as Fields)[name];
    return value === undefined && optional ? !required : check(value);
  };
}

const NUMBERS = ['uint32', 'int32', 'int64'];
const FIELD_RULES = [...NUMBERS, 'required', 'ignore', 'string', 'enum', 'repeated', 'map'];

function valueCheck(
  field: DescField,
  rules: FieldRules | undefined,
  known: Map<DescMessage, Holds>,
): Holds | undefined {
  switch (field.fieldKind) {
    case 'message':
      return rules?.type.case === undefined ? messageCheck(field.message, known) : undefined;
    case 'list':
      return listCheck(field, rules, known);
    case 'enum':
      return enumCheck(field, rules);
    case 'scalar':
      return scalarCheck(field.scalar, rules);
    case 'map':
      return mapCheck(field, rules, known);
  }
}

function mapCheck(
  field: DescField & { fieldKind: 'map' },
  rules: FieldRules | undefined,
  known: Map<DescMessage, Holds>,
): Holds | undefined {
  const map = rules?.type.case === 'map' ? rules.type.value : undefined;
  if (rules?.type.case !== undefined && map === undefined) return undefined;
  if (map && !only(MapRulesSchema, map, ['max_pairs', 'keys', 'values'])) return undefined;
  const key = itemCheck(field.mapKey, map?.keys);
  const value =
    field.mapKind === 'scalar'
      ? itemCheck(field.scalar, map?.values)
      : field.mapKind === 'message' && map?.values === undefined
        ? messageCheck(field.message, known)
        : undefined;
  if (key === undefined || value === undefined) return undefined;
  const bounded = map !== undefined && isFieldSet(map, MapRulesSchema.field.maxPairs);
  const most = bounded ? Number(map.maxPairs) : Number.POSITIVE_INFINITY;
  return (pairs) => {
    const entries = Object.entries(pairs as Fields);
    return entries.length <= most && entries.every(([name, of]) => key(name) && value(of));
  };
}

/** Of one item of a list or a map. */
function itemCheck(scalar: ScalarType, rules: FieldRules | undefined): Holds | undefined {
  if (rules && !only(FieldRulesSchema, rules, ['string'])) return undefined;
  return scalarCheck(scalar, rules);
}

function listCheck(
  field: DescField & { fieldKind: 'list' },
  rules: FieldRules | undefined,
  known: Map<DescMessage, Holds>,
): Holds | undefined {
  const list = rules?.type.case === 'repeated' ? rules.type.value : undefined;
  if (rules?.type.case !== undefined && list === undefined) return undefined;
  if (list && !only(RepeatedRulesSchema, list, ['min_items', 'max_items', 'items'])) {
    return undefined;
  }
  const items = list?.items;
  const each =
    field.listKind === 'scalar'
      ? itemCheck(field.scalar, items)
      : items !== undefined
        ? undefined
        : field.listKind === 'message'
          ? messageCheck(field.message, known)
          : ALWAYS;
  if (each === undefined) return undefined;
  const min = Number(list?.minItems ?? 0n);
  const max = list && isFieldSet(list, RepeatedRulesSchema.field.maxItems) ? list.maxItems : null;
  const most = max === null ? Number.POSITIVE_INFINITY : Number(max);
  return (value) => {
    const values = value as readonly unknown[];
    if (values.length < min || values.length > most) return false;
    if (each !== ALWAYS) for (let i = 0; i < values.length; i++) if (!each(values[i])) return false;
    return true;
  };
}

function enumCheck(field: DescField & { fieldKind: 'enum' }, rules: FieldRules | undefined) {
  if (rules?.type.case === undefined) return ALWAYS;
  if (rules.type.case !== 'enum') return undefined;
  const { value } = rules.type;
  if (!only(EnumRulesSchema, value, ['defined_only', 'not_in'])) return undefined;
  const defined = new Set(field.enum.values.map(({ number }) => number));
  const barred = new Set(value.notIn);
  return (number: unknown) =>
    !barred.has(number as number) && (!value.definedOnly || defined.has(number as number));
}

function scalarCheck(scalar: ScalarType, rules: FieldRules | undefined): Holds | undefined {
  if (rules?.type.case === undefined) return ALWAYS;
  const { type } = rules;
  switch (type.case) {
    case 'string':
      if (scalar !== ScalarType.STRING) return undefined;
      if (!only(StringRulesSchema, type.value, ['pattern', 'min_len', 'max_len'])) return undefined;
      return textCheck(type.value);
    case 'uint32':
      return only(UInt32RulesSchema, type.value, BOUNDS) ? within(type.value) : undefined;
    case 'int32':
      return only(Int32RulesSchema, type.value, BOUNDS) ? within(type.value) : undefined;
    case 'int64':
      return only(Int64RulesSchema, type.value, BOUNDS) ? within(type.value) : undefined;
    default:
      return undefined;
  }
}

const BOUNDS = ['gte', 'lte', 'gt', 'lt'];

interface Bound {
  readonly case?: string | undefined;
  readonly value?: number | bigint | undefined;
}

interface Bounds {
  readonly greaterThan: Bound;
  readonly lessThan: Bound;
}

function within({ greaterThan, lessThan }: Bounds): Holds {
  const least = greaterThan.value ?? Number.NEGATIVE_INFINITY;
  const most = lessThan.value ?? Number.POSITIVE_INFINITY;
  const [above, below] = [greaterThan.case === 'gt', lessThan.case === 'lt'];
  return (number) => {
    const value = number as number;
    return (above ? value > least : value >= least) && (below ? value < most : value <= most);
  };
}

function textCheck(rules: StringRules): Holds {
  const pattern = rules.pattern === '' ? undefined : new RegExp(rules.pattern, 'u');
  const min = Number(rules.minLen);
  const bounded = isFieldSet(rules, StringRulesSchema.field.maxLen);
  const max = bounded ? Number(rules.maxLen) : Number.POSITIVE_INFINITY;
  return (value) => {
    const text = value as string;
    // The validator counts characters; a text of as many units has at most as many, and at least half.
    if (text.length > max || text.length < 2 * min) {
      const count = charactersOf(text);
      if (count > max || count < min) return false;
    }
    return pattern === undefined || pattern.test(text);
  };
}

/** A pair of surrogates is one. */
function charactersOf(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) !== 0xdc00) count++;
  return count;
}

/** Whether no other fields are set than these. */
function only(schema: DescMessage, rules: Message, names: readonly string[]): boolean {
  const known = schema.fields.every((f) => names.includes(f.name) || !isFieldSet(rules, f));
  return known && (rules.$unknown === undefined || rules.$unknown.length === 0);
}
