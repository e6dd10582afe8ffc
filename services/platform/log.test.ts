import { expect, test } from '@jest/globals';
import { createLog } from './log.js';

function logging(level = 'info') {
  const lines: string[] = [];
  const log = createLog({ service: 'order', level }, { write: (line) => void lines.push(line) });
  return { log, lines };
}

test('one JSON line per event with level, time and service', () => {
  const { log, lines } = logging();
  log.info({ orderId: '1' }, 'order created');
  log.debug('not at this level');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    service: 'order',
    pid: process.pid,
    orderId: '1',
    msg: 'order created',
  });
});

test.each([
  [{ password: 'hunter2' }],
  [{ user: { secret: 'hunter2' } }],
  [{ request: { headers: { authorization: 'Bearer hunter2' } } }],
  [{ config: { url: 'mysql://u:hunter2@a' } }],
  [{ request: { shipping: { recipient: 'hunter2', address: 'x' } } }],
  [{ order: { address: 'hunter2' } }],
  [{ request: { topUp: { account: 'hunter2' } } }],
  [{ buyer: { phone: 'hunter2', email: 'a@b' } }],
  [{ event: { data: { card: 'hunter2' } } }],
  [{ err: Object.assign(new Error('no'), { sql: "INSERT 'hunter2'" }) }],
])('%j does not reach the log', (fields) => {
  const { log, lines } = logging();
  log.error(fields, 'failed');
  expect(lines[0]).not.toContain('hunter2');
});

test('an error keeps its name, message, stack and cause', () => {
  const { log, lines } = logging();
  log.warn({ err: new TypeError('outer', { cause: new Error('inner') }) }, 'failed');
  const { err } = JSON.parse(lines[0] ?? '');
  expect(err.type).toBe('TypeError');
  expect(err.message).toContain('outer');
  expect(err.stack).toContain('inner');
});
