// The gate as an executable specification: what the Lua scripts mean, in plain code. It is held
// to the same contract table as Redis, and property tests compare the two.

import type {
  Gate,
  GateLevel,
  InstallReply,
  Recollection,
  RefundReply,
  RememberReply,
  SkuLoad,
} from '../../app/ports.js';
import type { Refund } from '../../domain/close.js';
import type { GateReply, Line, Part } from '../../domain/reservation.js';

interface Sku {
  available: number;
  epoch: number;
  seq: number;
  /** The life of the gate in which it was loaded; another life means that memory was lost. */
  bind: number;
  /** Whether the grants are all that can be retried. */
  listed: boolean;
  readonly grants: Map<string, string>;
  readonly buyers: Map<string, number>;
}

export class MemoryGate implements Gate {
  readonly #skus = new Map<string, Sku>();
  /** The newest epoch and sequence seen: a gate that says less has an older memory. */
  readonly #floors = new Map<string, { epoch: number; seq: number }>();
  #life = 1;

  /** As when Redis restarts empty. */
  forget(): void {
    this.#skus.clear();
  }

  /** As when Redis restarts with what it had saved: the data is there, the replication id is new. */
  restart(): void {
    this.#life += 1;
  }

  reserve(parts: readonly Part[]): Promise<GateReply[]> {
    const replies = parts.map((part) => this.#reserveOne(part));
    for (const { skuId } of parts.flatMap((part) => part.lines)) {
      const sku = this.#skus.get(skuId);
      this.#raise(skuId, sku?.epoch ?? 0, sku?.seq ?? 0);
    }
    return Promise.resolve(replies);
  }

  #raise(skuId: string, epoch: number, seq: number): void {
    const floor = this.#floors.get(skuId) ?? { epoch: 0, seq: 0 };
    const newer = epoch > floor.epoch || (epoch === floor.epoch && seq > floor.seq);
    this.#floors.set(skuId, newer ? { epoch, seq } : floor);
  }

  #fault(skuId: string): 'NOT_LOADED' | 'STALE' | 'EPOCH' | undefined {
    const sku = this.#skus.get(skuId);
    const floor = this.#floors.get(skuId) ?? { epoch: 0, seq: 0 };
    if (sku === undefined) return 'NOT_LOADED';
    if (sku.bind !== this.#life) return 'STALE';
    if (sku.epoch < floor.epoch) return 'EPOCH';
    return sku.epoch === floor.epoch && sku.seq < floor.seq ? 'STALE' : undefined;
  }

  #reserveOne(part: Part): GateReply {
    let owner: string | undefined;
    const missing: Line[] = [];
    for (const line of part.lines) {
      const fault = this.#fault(line.skuId);
      if (fault !== undefined) return { outcome: fault, skuId: line.skuId };
      const order = this.#get(line.skuId).grants.get(part.reservationId);
      if (order === 'CLOSED') return { outcome: 'CLOSED' };
      if (order === undefined) missing.push(line);
      else owner = order;
    }
    const epochs = part.lines.map((line) => this.#get(line.skuId).epoch);
    if (owner !== undefined && missing.length === 0) {
      return { outcome: 'DUPLICATE', orderId: owner, epochs, fresh: part.lines.map(() => false) };
    }
    const refusal = this.#refuse(part, missing);
    if (refusal !== undefined) return refusal;
    const orderId = owner ?? part.orderId;
    for (const line of missing) this.#take(line, part, orderId);
    return {
      outcome: 'GRANTED',
      orderId,
      epochs,
      fresh: part.lines.map((l) => missing.includes(l)),
    };
  }

  #refuse(part: Part, missing: readonly Line[]): GateReply | undefined {
    for (const line of missing) {
      const sku = this.#get(line.skuId);
      const { listed } = sku;
      const left = line.userLimit - (sku.buyers.get(part.userId) ?? 0);
      if (line.userLimit > 0 && left < line.quantity) {
        return { outcome: 'USER_LIMIT', skuId: line.skuId, available: Math.max(0, left), listed };
      }
      if (sku.available < line.quantity) {
        return { outcome: 'SOLD_OUT', skuId: line.skuId, available: sku.available, listed };
      }
    }
    return undefined;
  }

  #take(line: Line, part: Part, orderId: string): void {
    const sku = this.#get(line.skuId);
    sku.available -= line.quantity;
    sku.seq += 1;
    sku.grants.set(part.reservationId, orderId);
    if (line.userLimit > 0) {
      sku.buyers.set(part.userId, (sku.buyers.get(part.userId) ?? 0) + line.quantity);
    }
  }

  refund(refunds: readonly Refund[]): Promise<RefundReply[]> {
    return Promise.resolve(refunds.map((refund) => this.#refundOne(refund)));
  }

  #refundOne(refund: Refund): RefundReply {
    const sku = this.#skus.get(refund.skuId);
    if (sku === undefined || refund.epoch > sku.epoch) return 'NOT_LOADED';
    if (refund.epoch < sku.epoch) return 'SKIPPED';
    const grant = sku.grants.get(refund.reservationId);
    if (grant === refund.mark || (refund.mark === '' && grant === undefined)) return 'DUPLICATE';
    sku.available += refund.quantity;
    sku.seq += 1;
    if (refund.mark === '') sku.grants.delete(refund.reservationId);
    else sku.grants.set(refund.reservationId, refund.mark);
    if (refund.buyerId !== '') {
      const units = sku.buyers.get(refund.buyerId) ?? 0;
      sku.buyers.set(refund.buyerId, Math.max(0, units - refund.quantity));
    }
    return 'REFUNDED';
  }

  install(loads: readonly SkuLoad[]): Promise<InstallReply[]> {
    return Promise.resolve(loads.map((load) => this.#installOne(load)));
  }

  #installOne(load: SkuLoad): InstallReply {
    const stored = this.#skus.get(load.skuId);
    if (stored !== undefined && stored.epoch >= load.epoch && stored.bind === this.#life) {
      return 'OLDER';
    }
    this.#skus.set(load.skuId, {
      available: load.available,
      epoch: load.epoch,
      seq: 0,
      bind: this.#life,
      listed: load.nextEntry === undefined,
      grants: new Map(load.grants.map((grant) => [grant.reservationId, grant.orderId])),
      buyers: new Map(load.buyers.map((buyer) => [buyer.userId, buyer.units])),
    });
    return 'INSTALLED';
  }

  remember(recollection: Recollection): Promise<RememberReply> {
    const sku = this.#skus.get(recollection.skuId);
    if (sku?.epoch !== recollection.epoch) return Promise.resolve('OLDER');
    for (const { reservationId, orderId } of recollection.grants) {
      if (!sku.grants.has(reservationId)) sku.grants.set(reservationId, orderId);
    }
    if (recollection.last) sku.listed = true;
    return Promise.resolve('REMEMBERED');
  }

  levels(skus: readonly { skuId: string }[]): Promise<(GateLevel | undefined)[]> {
    return Promise.resolve(
      skus.map(({ skuId }) => {
        const sku = this.#skus.get(skuId);
        if (sku === undefined) return undefined;
        const { available, epoch, seq, grants } = sku;
        return { available, epoch, seq, grants: grants.size };
      }),
    );
  }

  sawEpoch(skuId: string, epoch: number): void {
    this.#raise(skuId, epoch, 0);
  }

  #get(skuId: string): Sku {
    const sku = this.#skus.get(skuId);
    if (sku === undefined) throw new Error(`${skuId} was checked to be loaded`);
    return sku;
  }
}
