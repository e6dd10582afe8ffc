// Who may import whom: one planted violation per rule of .dependency-cruiser.cjs, and the lawful
// imports beside them that the rules must leave alone. `npm run check` runs the same rules on the
// real tree, in its step "import rules".

import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PlantedTree, plantTree } from './tidy/planted-tree.js';

/** [file, what it imports, the rules that it breaks] */
const PLANTED: [string, string, string[]][] = [
  ['services/order/domain/uses-domain.ts', './order.js', []],
  ['services/order/domain/uses-assert.ts', '../../platform/assert.js', []],
  ['services/order/domain/uses-clock.ts', '../../platform/clock.js', ['domain-is-pure']],
  ['services/order/domain/uses-npm.ts', 'zod', ['domain-is-pure']],
  ['services/order/domain/uses-node.ts', 'node:crypto', ['domain-is-pure']],
  ['services/order/domain/uses-order.test.ts', 'fast-check', []],
  ['services/order/app/uses-domain.ts', '../domain/order.js', []],
  ['services/order/app/uses-clock.ts', '../../platform/clock.js', []],
  ['services/order/app/uses-gen.ts', '../../../gen/spillway/order.js', ['app-knows-only-domain']],
  ['services/order/app/uses-infra.ts', '../infra/order-store.js', ['app-knows-only-domain']],
  ['services/order/api/uses-app.ts', '../app/ports.js', []],
  ['services/order/api/uses-gen.ts', '../../../gen/spillway/order.js', []],
  ['services/order/api/uses-infra.ts', '../infra/order-store.js', ['api-decodes-and-encodes']],
  ['services/order/api/uses-driver.ts', 'ioredis', ['api-decodes-and-encodes']],
  ['services/order/infra/uses-ports.ts', '../app/ports.js', []],
  ['services/order/infra/uses-driver.ts', 'ioredis', []],
  ['services/order/infra/uses-use-case.ts', '../app/create-order.js', ['infra-serves-ports']],
  ['services/order/infra/stock-client.ts', '../../../gen/spillway/order.js', []],
  [
    'services/order/infra/uses-gen.ts',
    '../../../gen/spillway/order.js',
    ['infra-gen-in-clients-only'],
  ],
  ['services/order/infra/uses-dev.ts', 'fast-check', ['runtime-dependencies-only']],
  [
    'services/order/infra/uses-launcher.ts',
    '../../../launcher/up.js',
    ['services-know-no-tooling'],
  ],
  ['services/order/infra/uses-harness.ts', '../../../test/harness/x.js', ['harness-in-tests-only']],
  ['services/order/infra/uses-harness.int.test.ts', '../../../test/harness/x.js', []],
  [
    'services/order/infra/uses-inventory.ts',
    '../../inventory/stock.js',
    ['no-service-imports-another'],
  ],
  [
    'services/order/infra/uses-inventory.test.ts',
    '../../inventory/stock.js',
    ['no-service-imports-another'],
  ],
  ['services/order/starter.ts', './main.js', ['main-is-last']],
  ['services/order/lost.ts', './nowhere.js', ['resolvable']],
  ['services/order/cycle-a.ts', './cycle-b.js', ['no-cycles']],
  // The other half of the same cycle: reported once, above.
  ['services/order/cycle-b.ts', './cycle-a.js', []],
  ['services/platform/uses-order.ts', '../order/domain/order.js', ['platform-knows-no-service']],
  ['services/platform/uses-gen.ts', '../../gen/spillway/order.js', ['platform-knows-no-contract']],
  ['services/platform/uses-gen.test.ts', '../../gen/spillway/order.js', []],
  ['gen/spillway/uses-service.ts', '../../services/platform/clock.js', ['gen-stands-alone']],
  ['launcher/uses-platform.ts', '../services/platform/clock.js', []],
  ['launcher/uses-order.ts', '../services/order/domain/order.js', ['outside-uses-the-front-door']],
  ['launcher/bench/parts/uses-order.ts', '../../../services/order/domain/order.js', []],
  ['test/uses-main.ts', '../services/order/main.js', []],
  ['test/uses-order.ts', '../services/order/domain/order.js', ['scenarios-use-the-front-door']],
];

/** What the planted files import. */
const LEAVES = [
  'services/order/domain/order.ts',
  'services/order/app/ports.ts',
  'services/order/app/create-order.ts',
  'services/order/infra/order-store.ts',
  'services/order/main.ts',
  'services/inventory/stock.ts',
  'services/platform/assert.ts',
  'services/platform/clock.ts',
  'gen/spillway/order.ts',
  'launcher/up.ts',
  'test/harness/x.ts',
];

let tree: PlantedTree;
let broken: Map<string, string[]>;

beforeAll(async () => {
  const leaves = LEAVES.map((path) => [path, 'export const leaf = 1;\n']);
  // `import type` counts: a type from behind a boundary is knowledge from behind a boundary.
  const planted = PLANTED.map(([path, target]) => [
    path,
    `import type * as x from '${target}';\nexport type X = typeof x;\n`,
  ]);
  tree = await plantTree(Object.fromEntries([...leaves, ...planted]));
  broken = await violations(tree);
}, 60_000);

afterAll(() => tree.remove());

describe('a planted import', () => {
  test.each(PLANTED)('%s imports %s: %j', (file, _target, rules) => {
    expect(broken.get(file) ?? []).toEqual(rules);
  });

  test('breaks each rule there is', () => {
    const configuration = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
    const rules = configuration.forbidden.map((rule: { name: string }) => rule.name);
    expect([...new Set([...broken.values()].flat())].sort()).toEqual(rules.sort());
  });
});

async function violations(planted: PlantedTree): Promise<Map<string, string[]>> {
  const folders = ['services', 'launcher', 'gen', 'test'];
  const output = await planted.run('depcruise', '--output-type', 'json', ...folders);
  const found: { from: string; rule: { name: string } }[] = JSON.parse(output).summary.violations;
  const byFile = new Map<string, string[]>();
  for (const { from, rule } of found) byFile.set(from, [...(byFile.get(from) ?? []), rule.name]);
  return byFile;
}
