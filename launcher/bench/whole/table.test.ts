// What a person reads of the whole benchmark.
import { expect, test } from '@jest/globals';
import { PLAIN } from '../../audit/render.js';
import { sampleResult } from '../sample-result.fixture.js';
import { percent, renderWholeBench } from './table.js';

test('operations beside the unit, strategies by number of buyers, growth', () => {
  const lines = renderWholeBench(sampleResult, PLAIN).split('\n');
  expect(lines).toContain('  an empty grpc-js call (server side)      20,000      50.0    1.00');
  expect(lines).toContain(
    '  ordered: reserved, stored, payable        8,000     150.0    3.00     20.0     60.0',
  );
  expect(lines).toContain('  One hot SKU, 100 buyers at a time:');
  expect(lines).toContain(
    '  check, then update (no protection)        1,000    100 %     90.0    200.0       50  97.00 %',
  );
  expect(lines).toContain(
    '  service processes: 6                      8,000     180.0    3.60     20.0     60.0',
  );
  expect(lines.every((line) => line.length <= 120)).toBe(true);
});

test('what was not measured is not shown', () => {
  const { machine, versions, options, strategies = [] } = sampleResult;
  const text = renderWholeBench({ machine, versions, options, strategies }, PLAIN);
  expect(text).not.toMatch(/x empty|something is larger/);
});

test.each([
  [1, '100 %'],
  [0.99999, '99.99 %'],
  [0, '0.00 %'],
])('%d is %s', (share, text) => {
  expect(percent(share)).toBe(text);
});
