// Promise: every address form of a configuration becomes a target, or is refused at start.
import { describe, expect, test } from '@jest/globals';
import { targetsOf } from './target.js';

describe('addresses become targets', () => {
  test.each([
    ['one address', ['10.0.0.1:50051'], ['ipv4:10.0.0.1:50051']],
    ['two share a channel', ['10.0.0.1:1', '10.0.0.2:2'], ['ipv4:10.0.0.1:1,10.0.0.2:2']],
    ['a name', ['inventory:50051'], ['dns:///inventory:50051']],
    ['names have their own', ['a-0.a:1', 'a-1.a:1'], ['dns:///a-0.a:1', 'dns:///a-1.a:1']],
    ['IPv6', ['[::1]:1', '[fe80::2]:2'], ['ipv6:[::1]:1,[fe80::2]:2']],
    ['a mixture', ['10.0.0.1:1', 'b:1'], ['dns:///b:1', 'ipv4:10.0.0.1:1']],
  ])('%s', (_, addresses, targets) => {
    expect(targetsOf(addresses)).toEqual(targets);
  });

  test.each([[[]], [['inventory']], [['::1:50051']], [['a:b:1']], [['a:']]])(
    '%j is refused',
    (bad) => {
      expect(() => targetsOf(bad)).toThrow();
    },
  );
});
