// Checks a request against the rules written in its .proto, once, where it enters the process.
// Handlers may rely on every rule; what a rule cannot say they check themselves.
import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { status } from '@grpc/grpc-js';
import { MALFORMED } from './definition.js';
import { RpcError } from './errors.js';
import { quickCheck } from './quick-check.js';
import type { FieldViolation } from './status-details.js';

export type RequestCheck = (request: Message) => RpcError | undefined;

const patterns = new Map<string, RegExp>();

// The patterns are our own, from the .proto files, and none of them can backtrack; V8's engine
// takes a quarter of the time of the library's own, which guards against foreign patterns.
const validator = createValidator({
  regexMatch(pattern, against) {
    let compiled = patterns.get(pattern);
    if (!compiled) {
      compiled = new RegExp(pattern, 'u');
      patterns.set(pattern, compiled);
    }
    return compiled.test(against);
  },
});

/** Compiles the rules of a message now (about 50 ms), so that no caller waits for it. */
export function requestCheck(schema: DescMessage): RequestCheck {
  const warmUp = validator.validate(schema, create(schema));
  if (warmUp.kind === 'error') throw warmUp.error;
  const malformed = invalid([
    { field: '', description: `the bytes are no ${schema.typeName}`, reason: 'malformed' },
  ]);
  const certainlyValid = quickCheck(schema);
  return (request) => {
    if (request === MALFORMED) return malformed;
    if (certainlyValid(request)) return undefined;
    const result = validator.validate(schema, request);
    if (result.kind === 'valid') return undefined;
    if (result.kind === 'error') throw result.error;
    return invalid(result.violations.map(fieldViolation));
  };
}

function fieldViolation(violation: Violation): FieldViolation {
  return {
    field: pathToString(violation.field),
    description: violation.message,
    reason: violation.ruleId,
  };
}

function invalid(fields: FieldViolation[]): RpcError {
  const first = fields[0];
  const where = first?.field ? `${first.field}: ` : '';
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  return new RpcError({
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    message: `${where}${first?.description ?? 'invalid'}${more}`,
    fields,
  });
}
