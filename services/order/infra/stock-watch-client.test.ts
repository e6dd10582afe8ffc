// Promise: a notice is understood as the contract says, its age is never taken for less than it is, and
// what cannot be understood means that inventory must be asked.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, expect, test } from '@jest/globals';
import {
  InventoryService,
  type SoldOutNoticeSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { ManualClock, systemClock } from '../../platform/clock.js';
import { KnownIds } from '../../platform/known-ids.js';
import { type Loopback, startLoopback } from '../../platform/rpc/loopback.fixture.js';
import type { SoldOutSight } from '../app/ports.js';
import { StockWatchClient } from './stock-watch-client.js';

type Notice = MessageInitShape<typeof SoldOutNoticeSchema> | undefined;

const winners = KnownIds.sizedFor(9);
winners.add('winner');
const filter = { granted: winners.toBytes(), hashes: winners.hashes, filterVersion: 4n };

let loopback: Loopback<typeof InventoryService> | undefined;
afterEach(() => loopback?.close());

test.each<[string, Notice[], string[]]>([
  ['a filter', [filter], ['knows the winner']],
  ['and its repetition', [filter, { filterVersion: 4n }], ['knows the winner', 'knows the winner']],
  ['a repetition of another', [filter, { filterVersion: 5n }], ['knows the winner', 'ask']],
  ['a repetition of nothing', [{ filterVersion: 4n }], ['ask']],
  ['one taken back', [filter, undefined], ['knows the winner', 'ask']],
  ['and repeated', [filter, undefined, { filterVersion: 4n }], ['knows the winner', 'ask', 'ask']],
  ['a filter of no hashes', [{ ...filter, hashes: 0 }], ['ask']],
  ['a filter that knows nobody', [{ ...filter, granted: new Uint8Array(9) }], ['knows nobody']],
])('%s', async (_, notices, understood) => {
  const { sights } = await follow(notices);
  const words = sights.map(({ granted }) =>
    granted === undefined ? 'ask' : granted.has('winner') ? 'knows the winner' : 'knows nobody',
  );
  expect(words).toEqual(understood);
});

test('it asks for notices of one SKU', async () => {
  const { asked } = await follow([filter]);
  expect(asked).toEqual([{ skuIds: ['hat'], soldOutNotice: true }]);
});

test('the time of a look counts from our opening of the stream, whenever it arrives', async () => {
  const clock = new ManualClock();
  await clock.advance(5_000);
  const late = { ...filter, readAfterOpenMs: 400n };
  const { sights } = await follow([late], { clock, beforeSending: () => clock.advance(30_000) });
  expect(sights.map(({ readMs }) => readMs)).toEqual([5_400]);
});

test('after a minute the clocks are tied anew', async () => {
  const clock = new ManualClock();
  const whenHeard = () => clock.advance(40_000);
  const { sights } = await follow([filter, filter, filter], { clock, whenHeard });
  expect(sights).toHaveLength(2);
});

async function follow(
  notices: readonly Notice[],
  o: {
    clock?: ManualClock;
    beforeSending?: () => Promise<void>;
    whenHeard?: () => Promise<void>;
  } = {},
) {
  const asked: unknown[] = [];
  loopback = await startLoopback(InventoryService, {
    watchStock: async function* ({ skuIds, soldOutNotice }) {
      asked.push({ skuIds, soldOutNotice });
      for (const notice of notices) {
        await o.beforeSending?.();
        yield notice === undefined ? {} : { notice };
      }
    },
  });
  // Deadlines are told to grpc-js, which goes by the machine's clock.
  const monotonicMs = () => o.clock?.monotonicMs() ?? 0;
  const clock = { ...systemClock, monotonicMs };
  const source = new StockWatchClient({ client: loopback.client, clock });
  const sights: SoldOutSight[] = [];
  for await (const sight of source.follow('hat', new AbortController().signal)) {
    sights.push(sight);
    await o.whenHeard?.();
  }
  return { sights, asked };
}
