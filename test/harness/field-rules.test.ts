// The generator of bad input, against the validator itself: the message it starts from is valid, and
// each change breaks the rule that it says, and no other.
import { create, type DescMessage } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { requestCheck } from '../../services/platform/rpc/validate.js';
import { brokenRules } from './field-rules.js';
import { MESH_SERVICES } from './scripted-mesh.js';
import { validMessage } from './valid-message.js';

const inputs = new Map<string, DescMessage>(
  MESH_SERVICES.flatMap((service) => service.methods.map((m) => [m.name, m.input] as const)),
);

describe.each([...inputs])('%s', (_name, schema) => {
  const check = requestCheck(schema);

  test('the message to start from is valid', () => {
    expect(check(create(schema, validMessage(schema)))).toBeUndefined();
  });

  test('each broken rule is refused by name', () => {
    const rows = brokenRules(schema);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const refusal = check(create(schema, row.message));
      expect(refusal?.fields).toMatchObject([{ field: row.field, reason: row.rule }]);
    }
  });
});
