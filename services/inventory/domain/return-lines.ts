// Takes units of some lines of a sold reservation back, while the rest of it stays sold. Each return
// has an id of its own and happens once; all its lines come back or none does.

import { type HeldPart, partKey } from './reservation.js';

export interface LinesReturn {
  readonly returnId: string;
  /** Those of one partition, each SKU once. */
  readonly lines: readonly ReturnedLine[];
}

export interface ReturnedLine {
  readonly skuId: string;
  readonly quantity: number;
}

export interface NewReturn extends LinesReturn {
  readonly partition: number;
  readonly reservationId: string;
}

/** What came back before, by `returnKey`. */
export type KnownReturns = ReadonlyMap<string, readonly ReturnedLine[]>;

export function returnKey(
  part: { readonly partition: number; readonly reservationId: string },
  returnId: string,
): string {
  return `${partKey(part)}/${returnId}`;
}

/**
 * The gate remembers a return as it does a reservation that was given back: under a name of its own,
 * marked CLOSED. No reservation has a slash in its id.
 */
export function returnName(reservationId: string, returnId: string): string {
  return `${reservationId}/${returnId}`;
}

/** TAKEN: the units move now, and `part` is what it becomes. DONE: they did before. */
export type TakeBack =
  | { readonly outcome: 'TAKEN'; readonly part: HeldPart }
  | { readonly outcome: 'DONE' | 'RETURN_REFUSED' };

/** `part` is CONFIRMED. */
export function takeBack(part: HeldPart, back: LinesReturn, known: KnownReturns): TakeBack {
  const before = known.get(returnKey(part, back.returnId));
  if (before !== undefined) {
    return { outcome: sameLines(before, back.lines) ? 'DONE' : 'RETURN_REFUSED' };
  }
  const missing = back.lines.some(({ skuId, quantity }) => left(part, skuId) < quantity);
  if (missing) return { outcome: 'RETURN_REFUSED' };
  return { outcome: 'TAKEN', part: without(part, back.lines) };
}

/** The part after some of its units came back. */
export function without<P extends HeldPart>(part: P, back: readonly ReturnedLine[]): P {
  const taken = new Map(back.map(({ skuId, quantity }) => [skuId, quantity]));
  const lines = part.lines.map((line) => {
    return { ...line, returned: line.returned + (taken.get(line.skuId) ?? 0) };
  });
  return { ...part, lines };
}

function left(part: HeldPart, skuId: string): number {
  const line = part.lines.find((held) => held.skuId === skuId);
  return line === undefined ? 0 : line.quantity - line.returned;
}

function sameLines(a: readonly ReturnedLine[], b: readonly ReturnedLine[]): boolean {
  const text = (lines: readonly ReturnedLine[]) =>
    lines
      .map(({ skuId, quantity }) => `${skuId} ${quantity}`)
      .sort()
      .join();
  return text(a) === text(b);
}
