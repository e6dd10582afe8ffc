// Promise: a setting that would read an order where it cannot be is refused before anything starts, and
// says which entry, but never a password.

import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../platform/config.js';
import { readOrderConfig } from './config.js';

const BASE = {
  LISTEN: '127.0.0.1:50051',
  MYSQL_SHARDS: '0-15=mysql://u:p@a:3306,16-31=mysql://u:p@b,32-63=mysql://u:p@a:3306',
  INVENTORY_ADDRESSES: '127.0.0.1:1',
  PAYMENT_ADDRESSES: '127.0.0.1:2',
};

const replicasOf = (text: string) => readOrderConfig({ ...BASE, MYSQL_REPLICAS: text });

function problemOf(text: string): string {
  try {
    replicasOf(text);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replace(/\. Example: .*/, '');
  }
}

test('unset, there are none', () => {
  expect(readOrderConfig(BASE).MYSQL_REPLICAS).toBeUndefined();
  expect(replicasOf('').MYSQL_REPLICAS).toBeUndefined();
});

test('one or several beside a server, and none beside another', () => {
  const text = '0-15=mysql://u:p@ra:3306, 0-15=mysql://u:p@rb';
  expect(replicasOf(text).MYSQL_REPLICAS).toEqual([
    { from: 0, to: 15, url: 'mysql://u:p@ra:3306' },
    { from: 0, to: 15, url: 'mysql://u:p@rb' },
  ]);
});

describe('refused', () => {
  test.each([
    ['mysql://ra', 'entry 1 is not from-to=mysql://...'],
    ['0-15=redis://ra', 'entry 1 is not from-to=mysql://...'],
    ['0-15=mysql://ra,0-15', 'entry 2 is not from-to=mysql://...'],
    ['0-15=mysql://u:p@', 'entry 1 does not name a host'],
    ['0-64=mysql://ra', 'entry 1 is not in 0-63'],
    ['15-0=mysql://ra', 'entry 1 is not in 0-63'],
    ['0-31=mysql://ra', 'entry 1 is beside two servers of MYSQL_SHARDS: split it'],
    ['16-31=mysql://b:3306', 'entry 1 is the server of MYSQL_SHARDS itself'],
    ['0-3=mysql://ra,40-41=mysql://ra:3306', 'entry 2 was named before'],
  ])('%s', (text, problem) => {
    expect(problemOf(text)).toBe(`MYSQL_REPLICAS: ${problem}`);
  });

  test('and the password is not shown', () => {
    expect(problemOf('0-15=mysql://u:hunter2@')).not.toContain('hunter2');
    expect(problemOf('0-99=mysql://u:hunter2@ra')).not.toContain('hunter2');
    expect(problemOf('0-31=mysql://u:hunter2@ra')).not.toContain('hunter2');
  });
});
