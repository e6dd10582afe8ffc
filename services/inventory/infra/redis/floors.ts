// The highest epoch and sequence that this process has seen of each SKU. A Redis that says less has an
// older memory than we have, and is not believed.

/** A memory bound; forgetting a floor costs nothing but a later discovery that Redis is stale. */
const FLOORS_MAX = 100_000;

export interface Floor {
  readonly epoch: number;
  readonly seq: number;
}

const NOTHING_SEEN: Floor = { epoch: 0, seq: 0 };

export class Floors {
  readonly #floors = new Map<string, { epoch: number; seq: number }>();

  of(skuId: string): Floor {
    return this.#floors.get(skuId) ?? NOTHING_SEEN;
  }

  raise(skuId: string, epoch: number, seq: number): void {
    const floor = this.#floors.get(skuId);
    if (floor === undefined) {
      if (this.#floors.size >= FLOORS_MAX) this.#floors.clear();
      this.#floors.set(skuId, { epoch, seq });
    } else if (epoch > floor.epoch) {
      floor.epoch = epoch;
      floor.seq = seq;
    } else if (epoch === floor.epoch && seq > floor.seq) {
      floor.seq = seq;
    }
  }
}
