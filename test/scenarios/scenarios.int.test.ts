// Every scenario, against one mesh of real processes, Redis and two MySQL servers: starting a mesh takes
// as long as most stories. The books are audited after all stories that mind them.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestMesh, type TestMesh } from '../harness/test-mesh.js';
import { brokenFields, randomInput, unknownIds } from './bad-input.js';
import { deadlineFlood } from './deadline-flood.js';
import { throughTheGateway } from './edge.js';
import { forgery } from './forgery.js';
import { idempotency } from './idempotency.js';
import { orderLife, watching } from './lifecycle.js';
import { logCanaries } from './log-canaries.js';
import { measured } from './measured.js';
import { operatorLists } from './operator-lists.js';
import { orderCache } from './order-cache.js';
import { orderRaces } from './order-races.js';
import { orderReplicas } from './order-replicas.js';
import { onItsWay, orderTypes, whatWasBought } from './order-types.js';
import { payAndCancel, payCancelRaces } from './payment.js';
import { presaleRaces, presales } from './presale.js';
import { providerChaos, providerFaults } from './provider-faults.js';
import { providerDown, providerRemembers } from './provider-gone.js';
import { reconciled } from './reconcile.js';
import { redisLoss } from './redis-loss.js';
import { refundLines } from './refund-lines.js';
import { offerRules, severalLines } from './rules.js';
import { sellOut } from './sell-out.js';
import { shardMoves } from './shard-moves.js';
import { soldOutNotice } from './sold-out-notice.js';
import { watchResume } from './watch-resume.js';

// Two order processes, so that copies of a request meet in MySQL and not in one process's memory.
const SIZE = { order: 2, inventory: 1, payment: 1 };
const START_MS_MAX = 120_000;

let started: TestMesh | undefined;
const mesh = (): TestMesh => {
  if (!started) throw new Error('the mesh did not start');
  return started;
};
beforeAll(async () => {
  started = await startTestMesh(SIZE);
}, START_MS_MAX);
afterAll(async () => {
  await started?.stop();
}, START_MS_MAX);

type Story = (mesh: () => TestMesh) => void;

const STORIES: Record<string, Story> = {
  'a sale sells out': sellOut,
  'payment and cancel': payAndCancel,
  'payment against cancel': payCancelRaces,
  'refunds of lines': refundLines,
  'sold in advance': presales,
  'the balance against cancel': presaleRaces,
  'payment, cancel and deadline': orderRaces,
  'a provider that misbehaves': providerFaults,
  'a provider that does all of it': providerChaos,
  'a provider that is gone': providerDown,
  'a provider that is killed': providerRemembers,
  'forged callbacks': forgery,
  'due at once': deadlineFlood,
  'several lines': severalLines,
  offers: offerRules,
  'one request, one order': idempotency,
  'the life of an order': orderLife,
  'watching and listing': watching,
  'watching again': watchResume,
  'types of orders': orderTypes,
  'what was bought': whatWasBought,
  'on its way': onItsWay,
  'lists of operators': operatorLists,
  'a shard on the move': shardMoves,
  'orders from a cache': orderCache,
  'orders from replicas': orderReplicas,
  'through the gateway': throughTheGateway,
  'unknown ids': unknownIds,
  'Redis forgets': redisLoss,
  'sold out is known': soldOutNotice,
  'what happens is measured': measured,
};
/** They leave behind what no book explains, such as payments of orders that nobody placed. */
const ODD_STORIES: Record<string, Story> = {
  'two sets of books': reconciled,
  'broken fields': brokenFields,
  'random input': randomInput,
};

tell(STORIES);

test('after all this not one unit and not one cent is missing', async () => {
  const report = await mesh().audit();
  const { ok, problems, oversold, leaked, drift, provider_compared } = report;
  expect({ ok, problems, oversold, leaked, drift, provider_compared }).toEqual({
    ok: true,
    problems: [],
    oversold: 0,
    leaked: 0,
    drift: 0,
    provider_compared: true,
  });
  // It was these books that were looked at.
  expect(report.orders.PENDING_PAYMENT).toBeGreaterThan(200);
}, 30_000);

tell(ODD_STORIES);

test('no service logged an error', () => {
  expect(mesh().loggedErrors()).toEqual([]);
});

// Last: it makes calls fail on purpose.
tell({ 'what logs keep to themselves': logCanaries });

function tell(stories: Record<string, Story>): void {
  describe.each(Object.entries(stories))('%s', (_name, story) => {
    story(mesh);
  });
}
