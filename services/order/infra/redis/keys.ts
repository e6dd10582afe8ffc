// The only place of this service that builds a Redis key.

import { geneOf } from '../../../platform/ids.js';

/**
 * Of the cached form of an order's parts. Raised with every change of it, so that two releases that
 * run side by side do not read each other's entries; a test pins the form.
 */
export const PARTS_FORMAT = 1;

/** Enough to spread the entries over a cluster, and few enough that a batch is a few commands. */
const TAGS = 8;

/** Keys with the same tag share a cluster slot, so that one command can read many of them. */
export function tagOf(orderId: bigint): number {
  return geneOf(orderId) % TAGS;
}

/**
 * The lines and transitions of an order at one version. `mesh` keeps apart installations that share
 * a Redis: their order ids may be the same.
 */
export function partsKey(mesh: string, orderId: bigint, version: number): string {
  return `{o${tagOf(orderId)}}:${mesh}:parts${PARTS_FORMAT}:${orderId}:${version}`;
}
