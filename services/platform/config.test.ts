import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, configFields, readConfig } from './config.js';
import { REDIS_URL_FORMS } from './redis/url.js';

const schema = z.object({
  LISTEN: configFields.listen,
  REDIS_URL: configFields.redisUrl,
  MYSQL_SHARDS: configFields.mysqlShards,
  LOG_LEVEL: configFields.logLevel,
  WINDOW_SECONDS: configFields.int(1, 3_600, 900),
  SECRETS: configFields.secretList,
  PEERS: configFields.addresses,
  NOTICE: configFields.onOff('on'),
});

const GOOD = {
  LISTEN: '127.0.0.1:0',
  REDIS_URL: 'redis://127.0.0.1:6379',
  MYSQL_SHARDS: '32-63=mysql://u:p@b:3307, 0-31=mysql://u:p@a:3306',
  SECRETS: 'a-long-secret-one, a-long-secret-two',
  PEERS: '127.0.0.1:1,[::1]:2',
};

function problemsOf(change: Record<string, string | undefined>): string[] {
  try {
    readConfig(schema, { ...GOOD, ...change });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
}

test('reads everything, fills defaults in, and ignores what it does not know', () => {
  expect(readConfig(schema, { ...GOOD, LOG_LEVEL: '', PATH: '/bin' })).toEqual({
    LISTEN: '127.0.0.1:0',
    REDIS_URL: 'redis://127.0.0.1:6379',
    MYSQL_SHARDS: [
      { from: 0, to: 31, url: 'mysql://u:p@a:3306' },
      { from: 32, to: 63, url: 'mysql://u:p@b:3307' },
    ],
    LOG_LEVEL: 'info',
    WINDOW_SECONDS: 900,
    SECRETS: ['a-long-secret-one', 'a-long-secret-two'],
    PEERS: ['127.0.0.1:1', '[::1]:2'],
    NOTICE: true,
  });
  expect(readConfig(schema, { ...GOOD, NOTICE: 'off' }).NOTICE).toBe(false);
});

test('lists all problems at once, one per line', () => {
  expect(problemsOf({ REDIS_URL: undefined, LISTEN: 'here', WINDOW_SECONDS: '0' })).toEqual([
    'LISTEN: must be host:port. Example: 127.0.0.1:50051',
    'REDIS_URL: missing. Example: redis://127.0.0.1:6379',
    'WINDOW_SECONDS: must be a whole number from 1 to 3600. Example: 900',
  ]);
});

test('a variable that is set but empty is missing', () => {
  expect(problemsOf({ REDIS_URL: '' })).toEqual([
    'REDIS_URL: missing. Example: redis://127.0.0.1:6379',
  ]);
});

describe('values that are refused', () => {
  test.each([
    ['LISTEN', '127.0.0.1', 'must be host:port'],
    ['LISTEN', '127.0.0.1:65536', 'must be host:port'],
    ['REDIS_URL', 'http://a', `must be ${REDIS_URL_FORMS}`],
    [
      'REDIS_URL',
      'redis+sentinel://a:b,c',
      'node 1 is not host:port; must end with the name that the sentinels give the master, ' +
        'such as /spillway',
    ],
    ['LOG_LEVEL', 'loud', 'must be one of trace, debug, info, warn, error, fatal, silent'],
    ['NOTICE', 'true', 'must be on or off'],
    ['WINDOW_SECONDS', '1.5', 'must be a whole number from 1 to 3600'],
    ['WINDOW_SECONDS', '1e2', 'must be a whole number from 1 to 3600'],
    ['WINDOW_SECONDS', '3601', 'must be a whole number from 1 to 3600'],
    ['PEERS', 'a:1,b', "'b' is not host:port"],
    ['PEERS', 'a:0', "'a:0' is not host:port"],
    [
      'SECRETS',
      'short',
      'every secret (they are separated by commas) needs at least 16 characters',
    ],
  ])('%s=%s', (name, value, problem) => {
    const [line] = problemsOf({ [name]: value });
    expect(line?.replace(/\. Example: .*/, '')).toBe(`${name}: ${problem}`);
  });
});

describe('shards 0 to 63 have exactly one server each', () => {
  test.each([
    ['0-63=mysql://a', undefined],
    ['0-0=mysql://a,1-63=mysql://b', undefined],
    ['0-62=mysql://a', 'shard 63 has no server (0-63 must be covered)'],
    ['0-30=mysql://a,32-63=mysql://b', 'shard 31 has no server (0-63 must be covered)'],
    ['0-32=mysql://a,32-63=mysql://b', 'shard 32 has two servers'],
    ['0-64=mysql://a', '0-64 is not a range in 0-63'],
    ['63-0=mysql://a', '63-0 is not a range in 0-63'],
    ['mysql://a', 'entry 1 is not from-to=mysql://...'],
    ['0-31=mysql://a,32-63=redis://b', 'entry 2 must start with mysql:// and name a host'],
  ])('%s', (value, problem) => {
    const [line] = problemsOf({ MYSQL_SHARDS: value });
    const expected = problem === undefined ? undefined : `MYSQL_SHARDS: ${problem}`;
    expect(line?.replace(/\. Example: .*/, '')).toBe(expected);
  });

  test('a password in a wrong value is never shown', () => {
    expect(problemsOf({ MYSQL_SHARDS: '0-31=mysql://u:hunter2@' }).join()).not.toContain('hunter2');
    expect(problemsOf({ SECRETS: 'hunter2' }).join()).not.toContain('hunter2');
    expect(problemsOf({ REDIS_URL: 'http://:hunter2@a' }).join()).not.toContain('hunter2');
  });
});
