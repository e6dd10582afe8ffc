import { expect, test } from '@jest/globals';
import { callsScript, commits } from './chunk-rules.js';

const query = (sql: string, attributes = '') =>
  Buffer.concat([
    Buffer.from([1 + attributes.length + sql.length, 0, 0, 0, 3]),
    Buffer.from(attributes + sql),
  ]);

test.each<[string, Buffer, boolean]>([
  ['a COMMIT', query('COMMIT'), true],
  ['a COMMIT with query attributes', query('COMMIT', '\u0000\u0001'), true],
  ['a ROLLBACK', query('ROLLBACK'), false],
  ['a text that ends with the word', query("INSERT INTO note VALUES ('COMMIT')"), false],
  ['a longer statement that ends with the word', query('SELECT 1 /* soon */ COMMIT'), false],
])('%s is told apart', (_, chunk, expected) => {
  expect(commits(chunk)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ['a script by digest', '*3\r\n$7\r\nevalsha\r\n$2\r\nab\r\n$1\r\n0\r\n', true],
  ['a script by text', '*3\r\n$4\r\neval\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n', true],
  ['a read', '*2\r\n$5\r\nhmget\r\n$1\r\nk\r\n', false],
])('%s is told apart', (_, text, expected) => {
  expect(callsScript(Buffer.from(text))).toBe(expected);
});
