import { expect, test } from '@jest/globals';
import { parseK6Version } from './k6-program.js';

test.each([
  ['k6 v2.2.0 (go1.26.8, linux/amd64)', { version: 'v2.2.0', major: 2 }],
  ['k6 v1.4.0 (commit/abc, go1.24, darwin/arm64)', { version: 'v1.4.0', major: 1 }],
  ['k6 2.3.0-rc1 (go1.26)\nExtensions:\n  none', { version: '2.3.0-rc1', major: 2 }],
  ['k6.exe v2.2.0 (go1.26.8, windows/amd64)', { version: 'v2.2.0', major: 2 }],
  ['some other program', undefined],
  ['', undefined],
])('%j', (text, parsed) => {
  expect(parseK6Version(text)).toEqual(parsed);
});
