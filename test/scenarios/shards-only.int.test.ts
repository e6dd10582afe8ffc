import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestMesh, type TestMesh } from '../harness/test-mesh.js';
import { shardMoves } from './shard-moves.js';

let started: TestMesh | undefined;
const mesh = (): TestMesh => {
  if (!started) throw new Error('the mesh did not start');
  return started;
};
beforeAll(async () => {
  started = await startTestMesh({ order: 2, inventory: 1, payment: 1 });
}, 120_000);
afterAll(async () => {
  (await import('node:fs')).writeFileSync('/tmp/sh-mesh.log', mesh().logs());
  await started?.stop();
}, 120_000);
shardMoves(mesh);
test('audit', async () => {
  const report = await mesh().audit();
  expect(report.problems).toEqual([]);
  console.log(JSON.stringify(report.orders), report.outbox_waiting);
}, 60_000);
test('no errors', () => {
  expect(mesh().loggedErrors()).toEqual([]);
});
