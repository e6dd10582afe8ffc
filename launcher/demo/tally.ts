// What the buyers have seen, counted as it happens. The books are asked later and must agree.
import { build, type Histogram } from 'hdr-histogram-js';
import type { CreateOrderResponse } from '../../gen/spillway/order/v1/order_service_pb.js';
import type { Buyer } from './scenario.js';

export interface PlacedOrder {
  readonly buyer: Buyer;
  readonly orderId: string;
  readonly paymentId: string;
}

export class Tally {
  /** Buyers who got an order. */
  readonly placed: PlacedOrder[] = [];
  /** Buyers whose every copy was refused, by reason. */
  readonly refused = new Map<string, number>();
  /** Those of them whom another visit may help: all that they wanted was the hot SKU. */
  readonly turnedAway: Buyer[] = [];
  /** Buyers who never got an answer, whatever they tried. */
  failed = 0;
  /** Copies answered with the order of the first. */
  duplicatesAnswered = 0;
  /** Copies answered with another order: must stay 0. */
  duplicatesUnequal = 0;
  /** Copies refused although the order stood: must stay 0. */
  duplicatesRefused = 0;
  /** CreateOrder calls that got an answer, refusals included. */
  answers = 0;
  /** Calls of any kind sent again after a transient error. */
  retries = 0;
  /** Buyers who are through with the rush. */
  arrived = 0;
  /** Steps after the order that did not work out: payments and cancels. */
  readonly troubles = new Map<string, number>();
  /** One answer, to know how long answers are. */
  sample: CreateOrderResponse | undefined;
  /** Milliseconds of answered CreateOrder calls, in tenths. */
  readonly latency: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });

  answered(ms: number): void {
    this.answers++;
    this.latency.recordValue(Math.max(1, Math.round(ms * 10)));
  }

  get soldOut(): number {
    return this.refused.get('SOLD_OUT') ?? 0;
  }

  latencyMs(percentile: number): number {
    return this.latency.getValueAtPercentile(percentile) / 10;
  }
}

export function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
