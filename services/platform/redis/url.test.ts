// Promise: REDIS_URL says which topology it is and nothing else; all that is wrong with it is said at
// once, and a password never.
// Method: a table of both.

import { describe, expect, test } from '@jest/globals';
import { parseRedisUrl, redisHosts } from './url.js';

const plain = { masterName: '', username: undefined, password: undefined, db: 0, tls: false };
const node = (host: string, port: number) => ({ host, port });

describe('accepted', () => {
  test.each([
    ['redis://a:1', { kind: 'SERVER', nodes: [node('a', 1)] }],
    ['redis://a/3', { kind: 'SERVER', nodes: [node('a', 6379)], db: 3 }],
    ['rediss://[::1]:7', { kind: 'SERVER', nodes: [node('::1', 7)], tls: true }],
    [
      'redis://ann:p%40%2Fw@a',
      { kind: 'SERVER', nodes: [node('a', 6379)], username: 'ann', password: 'p@/w' },
    ],
    ['redis://:a@b:c@d:1/', { kind: 'SERVER', nodes: [node('d', 1)], password: 'a@b:c' }],
    ['redis+cluster://a:1,b:2', { kind: 'CLUSTER', nodes: [node('a', 1), node('b', 2)] }],
    [
      'redis+cluster://:pw@a:1,b',
      { kind: 'CLUSTER', nodes: [node('a', 1), node('b', 6379)], password: 'pw' },
    ],
    [
      'redis+sentinel://a,b:2/gate-1',
      { kind: 'SENTINEL', nodes: [node('a', 26379), node('b', 2)], masterName: 'gate-1' },
    ],
  ])('%s', (text, target) => {
    expect(parseRedisUrl(text)).toEqual({ ...plain, ...target });
  });
});

const FORMS = /^must be redis:\/\/host:port .*, redis\+cluster:\/\/.* or redis\+sentinel:\/\//;

describe('refused', () => {
  test.each<[string, (string | RegExp)[]]>([
    ['localhost', [FORMS]],
    ['http://a', [FORMS]],
    ['redis+cluster:a:1', [FORMS]],
    ['redis://', ['node 1 is not host:port']],
    ['redis://a:0', ['node 1 is not host:port']],
    ['redis://a:65536', ['node 1 is not host:port']],
    ['redis+cluster://a:1,,b:x', ['node 2 is not host:port', 'node 3 is not host:port']],
    ['redis://a,b', [/several hosts/]],
    ['redis://a/x', [/not the number of a database/]],
    // The driver would take these for options of its own.
    ['redis://a/?autoResendUnfulfilledCommands=true', [/not the number of a database/]],
    ['redis://a?db=3', ['node 1 is not host:port']],
    ['redis+cluster://a/3', [/one database only/]],
    ['redis+sentinel://a', [/name that the sentinels give the master/]],
    ['redis+sentinel://a:b/', ['node 1 is not host:port', /name that the sentinels/]],
    ['redis://u:100%@a', [/% is not followed/]],
  ])('%s', (text, problems) => {
    expect(parseRedisUrl(text)).toEqual({
      problems: problems.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    });
  });

  test.each(['redis://:hunter2/x@a,', 'redis://:hun/hunter2', 'redis+cluster://u:hunter2@,b'])(
    'no password is shown: %s',
    (text) => {
      expect(JSON.stringify(parseRedisUrl(text))).toContain('problems');
      expect(JSON.stringify(parseRedisUrl(text))).not.toContain('hunter2');
    },
  );
});

test.each([
  ['redis://u:p@a:1/2', ['a:1']],
  ['redis+cluster://u:p@a:1,[::1]:2', ['a:1', '[::1]:2']],
  ['redis+sentinel://a:1/gate', ['a:1']],
])('the hosts of %s', (text, hosts) => {
  expect(redisHosts(text)).toEqual(hosts);
});
