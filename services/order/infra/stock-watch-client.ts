// The stock of one SKU as inventory streams it, for the notices that say who has got a unit.
//
// Invariant: `readMs` is never later than the moment at which inventory read the stock. Its clock is
// tied to ours where the stream was opened, which for inventory is later than for us; so whatever
// is held up on the way, in a buffer, or in a process that was stopped, makes a notice older and not younger.

import type {
  InventoryService,
  SoldOutNotice,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import type { Clock } from '../../platform/clock.js';
import { KnownIds } from '../../platform/known-ids.js';
import type { Client } from '../../platform/rpc/client.js';
import type { SoldOutSight, SoldOutSource } from '../app/ports.js';

/** Two clocks that differ by 0.05 % are 30 ms apart after a minute; then they are tied anew. */
const STREAM_MS_MAX = 60_000;

export class StockWatchClient implements SoldOutSource {
  readonly #client: Pick<Client<typeof InventoryService>, 'watchStock'>;
  readonly #clock: Clock;

  constructor(o: { client: Pick<Client<typeof InventoryService>, 'watchStock'>; clock: Clock }) {
    this.#client = o.client;
    this.#clock = o.clock;
  }

  async *follow(skuId: string, signal: AbortSignal): AsyncGenerator<SoldOutSight> {
    const openMs = this.#clock.monotonicMs();
    const deadlineMs = this.#clock.nowMs() + 2 * STREAM_MS_MAX;
    const request = { skuIds: [skuId], soldOutNotice: true };
    let filter: Filter | undefined;
    for await (const { notice } of this.#client.watchStock(request, { deadlineMs, signal })) {
      filter = notice && filterOf(notice, filter);
      const readMs = openMs + Number(notice?.readAfterOpenMs ?? 0n);
      yield { readMs, granted: filter?.granted };
      if (this.#clock.monotonicMs() - openMs >= STREAM_MS_MAX) return;
    }
  }
}

interface Filter {
  readonly version: bigint;
  readonly granted: KnownIds;
}

/** The filter that came with the notice, or the earlier one that it speaks of. */
function filterOf(notice: SoldOutNotice, earlier: Filter | undefined): Filter | undefined {
  const { granted: bytes, hashes, filterVersion: version } = notice;
  if (bytes.length === 0) return earlier?.version === version ? earlier : undefined;
  const granted = KnownIds.fromBytes(bytes, hashes);
  return granted && { version, granted };
}
