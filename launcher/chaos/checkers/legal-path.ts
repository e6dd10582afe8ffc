// I5 Legal path. The ledger tells, for each SKU of each reservation, a story that the state machine
// knows: taken once, then perhaps released, or confirmed and perhaps returned; and the row at the end
// stands where the story ends.
// I11 Fence. Along a SKU's ledger the epochs of its grants never go back: nothing settles under an
// epoch that has been replaced.

import type { Evidence, LedgerRow, ReservationRow, Violation } from '../evidence.js';

/** The stories that there are, and the state that each ends in. */
const ENDINGS: Readonly<Record<string, ReservationRow['state']>> = {
  RESERVE: 'RESERVED',
  'RESERVE RELEASE': 'RELEASED',
  'RESERVE CONFIRM': 'CONFIRMED',
  'RESERVE CONFIRM RETURN': 'RETURNED',
};

export function checkLegalPath({ end }: Evidence): Violation[] {
  const stories = new Map<string, string>();
  for (const entry of inOrder(end.ledger)) {
    if (entry.reason === 'RESTOCK') continue;
    const key = keyOf(entry.causeId, entry.skuId);
    const before = stories.get(key);
    stories.set(key, before === undefined ? entry.reason : `${before} ${entry.reason}`);
  }
  const found: Violation[] = [];
  const rows = new Set<string>();
  for (const row of end.reservations) {
    if (row.skuId === '') {
      if (row.state !== 'RELEASED') found.push(broken('I5', row.id, `a tombstone is ${row.state}`));
      continue;
    }
    const key = keyOf(row.id, row.skuId);
    rows.add(key);
    const story = stories.get(key) ?? 'nothing';
    if (ENDINGS[story] !== row.state) {
      found.push(broken('I5', row.id, `${row.skuId} is ${row.state} after ${story}`));
    }
  }
  for (const [key, story] of stories) {
    if (!rows.has(key)) found.push(broken('I5', key, `has a history (${story}), but no row`));
  }
  return [...found, ...checkFence({ ledger: end.ledger, reservations: end.reservations })];
}

function checkFence(end: {
  ledger: readonly LedgerRow[];
  reservations: readonly ReservationRow[];
}): Violation[] {
  const epochs = new Map(end.reservations.map((row) => [keyOf(row.id, row.skuId), row.epoch]));
  const reached = new Map<string, number>();
  const found: Violation[] = [];
  for (const entry of inOrder(end.ledger)) {
    if (entry.reason !== 'RESERVE') continue;
    const epoch = epochs.get(keyOf(entry.causeId, entry.skuId)) ?? 0;
    const highest = reached.get(entry.skuId) ?? 0;
    if (epoch < highest) {
      const detail = `${entry.skuId} entry ${entry.entry} settled under epoch ${epoch} of ${highest}`;
      found.push(broken('I11', entry.causeId, detail));
    }
    reached.set(entry.skuId, Math.max(epoch, highest));
  }
  return found;
}

function inOrder(ledger: readonly LedgerRow[]): LedgerRow[] {
  return [...ledger].sort((a, b) => a.entry - b.entry);
}

function keyOf(id: string, skuId: string): string {
  return `${id} ${skuId}`;
}

function broken(invariant: string, subject: string, detail: string): Violation {
  return { invariant, subject, detail };
}
