// Which logs a name means.
import { describe, expect, test } from '@jest/globals';
import { chooseLogs } from './logs.js';

const files = ['/l/inventory-1.log', '/l/inventory-2.log', '/l/mysql-1.log', '/l/order-1.log'];

describe('logs [name]', () => {
  test.each<[string | undefined, string[]]>([
    [undefined, files],
    ['mysql-1', ['/l/mysql-1.log']],
    ['inventory', ['/l/inventory-1.log', '/l/inventory-2.log']],
  ])('%s', (name, chosen) => {
    expect(chooseLogs(files, name)).toEqual(chosen);
  });

  test('a name that is none is answered with those that are', () => {
    expect(() => chooseLogs(files, 'inv')).toThrow(/inventory-1, inventory-2, mysql-1, order-1/);
    expect(() => chooseLogs([], 'order')).toThrow(/none yet/);
  });
});
