// For tests on real servers: where they are.

import { pino } from 'pino';
import { assert } from './assert.js';

export const silent = pino({ level: 'silent' });

export function testUrl(name: 'TEST_MYSQL_1' | 'TEST_MYSQL_2' | 'TEST_REDIS'): string {
  const url = process.env[name];
  assert(url, `${name} is not set: run this through "./spillway with-servers --"`);
  return url;
}

/** Looks again and again until it holds; a test that waits for the background uses nothing else. */
export async function eventually(holds: () => Promise<boolean> | boolean, msMax = 8_000) {
  const endMs = Date.now() + msMax;
  while (!(await holds())) {
    assert(Date.now() < endMs, `did not hold within ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
