import { expect, test } from '@jest/globals';
import { splitStatements } from './migrate.js';

test.each([
  ['SELECT 1', ['SELECT 1']],
  ['SELECT 1;\n', ['SELECT 1']],
  ['-- Why; because.\nSELECT 1;\n\nSELECT 2;  \n', ['SELECT 1', 'SELECT 2']],
  ["INSERT INTO t VALUES (';');\n", ["INSERT INTO t VALUES (';')"]],
  ['CREATE TABLE t (\n  n INT -- the number\n);\n', ['CREATE TABLE t (\n  n INT -- the number\n)']],
  ['-- nothing\n', []],
])('%j', (sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});
