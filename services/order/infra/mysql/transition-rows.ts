// How the transitions of an order lie in their table: one row per version but the first, which the
// order's own row tells.

import { geneOf } from '../../../platform/ids.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { Operator, OrderTransition } from '../../domain/order.js';
import { stateCodes, stateOf } from './order-codes.js';

const TRANSITION_COLUMNS = `shard_no, order_id, version, from_state, to_state, operator, remark,
  at_ms`;
export const INSERT_TRANSITIONS = `INSERT INTO order_transition (${TRANSITION_COLUMNS}) VALUES ?`;
export const SELECT_TRANSITIONS = `SELECT ${TRANSITION_COLUMNS}
  FROM order_transition FORCE INDEX (PRIMARY)`;

export interface TransitionRow {
  order_id: string;
  version: number;
  from_state: number | null;
  to_state: number;
  operator: string;
  remark: string;
  at_ms: string;
}

export function transitionValues(orderId: bigint, made: OrderTransition): SqlValue[] {
  return [
    geneOf(orderId),
    orderId,
    made.version,
    made.from ? stateCodes[made.from] : null,
    stateCodes[made.to],
    made.operator,
    made.remark,
    made.atMs,
  ];
}

// Orders are made in one way, so that their creation needs no row. Rows of older orders have one.
export function historyOf(
  row: { version: number; created_ms: string },
  changes: readonly TransitionRow[] = [],
): OrderTransition[] {
  const by = { from: undefined, to: 'PENDING_PAYMENT', operator: 'user', remark: '' } as const;
  // Read in a statement after the order's own, so they may already know a later change.
  const made = changes.filter(({ version }) => version > 1 && version <= row.version);
  return [{ version: 1, ...by, atMs: Number(row.created_ms) }, ...made.map(toTransition)];
}

function toTransition(row: TransitionRow): OrderTransition {
  return {
    version: row.version,
    from: row.from_state === null ? undefined : stateOf(row.from_state),
    to: stateOf(row.to_state),
    operator: row.operator as Operator,
    remark: row.remark,
    atMs: Number(row.at_ms),
  };
}
