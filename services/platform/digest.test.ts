import { expect, test } from '@jest/globals';
import { requestDigest } from './digest.js';

// Digests are stored beside requests, so they must never change.
test.each([
  [[], '47DEQpj8HBSa-_TImW-5JA'],
  [[''], 'unaLMx_YbOyAO-BOVqsrPQ'],
  [['a', 'b'], '-s3eer8erFswEnOrLigveQ'],
  [['käufer', '🛒', '3'], 'pHuKrDFEluZWi0zETp5nTQ'],
])('%j has a pinned digest', (parts, expected) => {
  expect(requestDigest(...parts)).toBe(expected);
});

test.each([
  [
    ['ab', 'c'],
    ['a', 'bc'],
  ],
  [
    ['a', 'b'],
    ['a', 'b', ''],
  ],
  [['a,b'], ['a', 'b']],
  [['1:a'], ['a']],
  [['ä'], ['a\u0308']],
])('%j and %j differ', (one, other) => {
  expect(requestDigest(...one)).not.toBe(requestDigest(...other));
});

test('22 characters of base64url', () => {
  expect(requestDigest('x'.repeat(1_000))).toMatch(/^[A-Za-z0-9_-]{22}$/);
});
