// How tracking events lie in their table.

import { geneOf } from '../../../platform/ids.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { TrackingEvent } from '../../domain/order.js';
import { inTime } from '../../domain/tracking.js';

const COLUMNS = 'shard_no, order_id, request_id, status, place, text, at_ms';

export const INSERT_TRACKING = `INSERT INTO order_tracking (${COLUMNS}, created_ms) VALUES ?`;
export const SELECT_TRACKING = `SELECT ${COLUMNS} FROM order_tracking FORCE INDEX (PRIMARY)`;

export interface TrackingRow {
  order_id: string;
  request_id: string;
  status: string;
  place: string;
  text: string;
  at_ms: string;
}

export function trackingValues(orderId: bigint, event: TrackingEvent, nowMs: number): SqlValue[] {
  const { requestId, status, place, text, atMs } = event;
  return [geneOf(orderId), orderId, requestId, status, place, text, atMs, nowMs];
}

export function toTracking(rows: readonly TrackingRow[]): TrackingEvent[] {
  return inTime(
    rows.map((row) => ({
      requestId: row.request_id,
      status: row.status,
      place: row.place,
      text: row.text,
      atMs: Number(row.at_ms),
    })),
  );
}
