// The translators of amounts and times, for those of the messages that hold them.

import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Money } from '../../../gen/spillway/common/v1/money_pb.js';

export function money(
  currency: string,
  amountMinor: bigint,
): Pick<Money, 'currency' | 'amountMinor'> {
  return { currency, amountMinor };
}

/** The years 1 to 9999, as the type promises; bytes on the wire may say anything. */
export function timestampHolds({ seconds, nanos }: Timestamp): boolean {
  const year1 = -62_135_596_800n;
  const year10000 = 253_402_300_800n;
  return seconds >= year1 && seconds < year10000 && nanos >= 0 && nanos < 1_000_000_000;
}

/** To the millisecond below. */
export function msOf(timestamp: Timestamp | undefined): number | undefined {
  if (!timestamp) return undefined;
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}
