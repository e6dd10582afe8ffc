// What a buyer asks for, and when two requests are the same one.

import { detailsParts, type OrderDetails } from './order-details.js';
import type { OrderType } from './order-types.js';

export interface RequestedLine {
  readonly skuId: string;
  readonly quantity: number;
}

export interface OrderRequest {
  readonly userId: string;
  /** Chosen by the caller and kept for every retry. */
  readonly requestId: string;
  readonly type: OrderType;
  readonly details: OrderDetails | undefined;
  readonly lines: readonly RequestedLine[];
  /** How long to hold the units for payment; 0 means the service's setting. */
  readonly paymentWindowSeconds: number;
}

/** The index of the first line whose SKU an earlier line has, or -1. */
export function duplicateSkuIndex(lines: readonly RequestedLine[]): number {
  // Most orders have one line, and 20 is the limit, so pairs are cheaper than a set.
  for (let i = 1; i < lines.length; i++) {
    for (let j = 0; j < i; j++) if (lines[i]?.skuId === lines[j]?.skuId) return i;
  }
  return -1;
}

/**
 * What two copies of a request have in common; its digest is stored with the order. The order of the
 * lines does not matter. Prices are not in it: the same request stays the same when they change.
 */
export function fingerprintParts(request: OrderRequest): string[] {
  const parts = [request.type, String(request.paymentWindowSeconds)];
  const sorted =
    request.lines.length < 2
      ? request.lines
      : [...request.lines].sort((a, b) => (a.skuId < b.skuId ? -1 : 1));
  for (const line of sorted) parts.push(line.skuId, String(line.quantity));
  if (request.details) parts.push(...detailsParts(request.details));
  return parts;
}
