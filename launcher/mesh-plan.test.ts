// The planned mesh: who is told what, and that the shards are covered once.
import { describe, expect, test } from '@jest/globals';
import { planMesh, shardRanges } from './mesh-plan.js';

const secrets = { mysqlPassword: 'p', mysqlRootPassword: 'r', providerSecret: 'signs' };

function plan(size: { order: number; inventory: number; payment: number }) {
  let port = 20_000;
  return planMesh({
    size,
    takeAddress: () => `127.0.0.1:${++port}`,
    redisUrl: 'redis://127.0.0.1:1',
    mysqlUrls: ['mysql://a:1', 'mysql://b:2'],
    secrets,
    sandboxLedger: '/private/ledger',
  });
}

describe('the mesh', () => {
  const { groups, services, sandbox, metrics } = plan({ order: 1, inventory: 2, payment: 1 });
  const processes = groups.flat();
  const environmentOf = (name: string) => processes.find((p) => p.name === name)?.env ?? {};

  test('starts the provider first and the gateway last', () => {
    expect(groups.map((group) => group.map((p) => p.name))).toEqual([
      ['sandbox-1'],
      ['order-1', 'inventory-1', 'inventory-2', 'payment-1'],
      ['gateway-1'],
    ]);
  });

  test('gives no address twice, and every process listens on its own', () => {
    const addresses = processes.map((p) => p.address);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const { address, env } of processes) expect(env['LISTEN']).toBe(address);
  });

  test('has the provider remember for as long as the databases do', () => {
    expect(environmentOf('sandbox-1')).toMatchObject({ SANDBOX_LEDGER: '/private/ledger' });
  });

  test('tells every service where all the others are', () => {
    for (const name of ['order-1', 'inventory-2', 'payment-1', 'gateway-1']) {
      expect(environmentOf(name)).toMatchObject({
        ORDER_ADDRESSES: services.order.join(','),
        INVENTORY_ADDRESSES: services.inventory.join(','),
        PAYMENT_ADDRESSES: services.payment.join(','),
      });
    }
    expect(services.inventory).toHaveLength(2);
  });

  test('gives every process of ours an address for its metrics, and tells where', () => {
    const told = processes.filter((p) => 'METRICS_LISTEN' in p.env);
    const names = ['order-1', 'inventory-1', 'inventory-2', 'payment-1', 'gateway-1'];
    expect(told.map((p) => p.name)).toEqual(names);
    expect(Object.fromEntries(told.map((p) => [p.name, p.env['METRICS_LISTEN']]))).toEqual(metrics);
    const addresses = [...processes.map((p) => p.address), ...Object.values(metrics)];
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test('lets the provider call back through the gateway, signed with the shared secret', () => {
    expect(environmentOf('payment-1')).toMatchObject({
      PROVIDER_URL: sandbox,
      PROVIDER_SECRETS: 'signs',
      CALLBACK_URL: `${services.gateway[0]}/callbacks/sandbox`,
    });
    expect(environmentOf('sandbox-1')['PROVIDER_SECRETS']).toBe('signs');
  });

  test('tells database passwords only to those who need them', () => {
    const told = processes.filter((p) => 'MYSQL_SHARDS' in p.env).map((p) => p.program);
    expect([...new Set(told)]).toEqual(['order', 'inventory', 'payment']);
  });
});

describe('shard ranges cover 0 to 63 exactly once', () => {
  test.each([
    [['A'], '0-63=A'],
    [['A', 'B'], '0-31=A,32-63=B'],
    [['A', 'B', 'C'], '0-21=A,22-42=B,43-63=C'],
  ])('%j', (urls, expected) => {
    expect(shardRanges(urls)).toBe(expected);
  });

  test.each([0, 65])('refuses %d servers', (count) => {
    expect(() => shardRanges(Array<string>(count).fill('A'))).toThrow(/1 to 64/);
  });
});
