// Claims the payments of one server that are to be looked at now, by pushing their next look into the
// future: a claimer that dies loses nothing but that time. Rows that somebody is changing are skipped;
// whoever holds them sets a new time anyway.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { transact } from '../../../platform/mysql/transaction.js';
import type { DuePayment, DuePayments } from '../../app/ports.js';
import { type LookTimes, nextLookMs } from '../../domain/look.js';
import { type Attempt, open } from '../../domain/payment.js';
import { updatePayments } from './change-set.js';
import { byPayment, SELECT_ATTEMPTS } from './load-files.js';
import {
  type AttemptRow,
  nameOf,
  PAYMENT_COLUMNS,
  type PaymentRow,
  toAttempt,
  toPayment,
} from './rows.js';

// Without the hint the optimizer may sort, and thereby lock, every due row.
const SELECT_DUE = `SELECT ${PAYMENT_COLUMNS}, ${NOW_MS} AS now_ms FROM payment FORCE INDEX (due)
  WHERE due_ms <= ${NOW_MS} ORDER BY due_ms LIMIT ? FOR UPDATE SKIP LOCKED`;

export class MysqlDuePayments implements DuePayments {
  readonly name: string;
  readonly #server: MysqlServer;

  constructor(server: MysqlServer) {
    this.name = server.name;
    this.#server = server;
  }

  claim(limit: number, times: LookTimes, deadlineMs: number): Promise<DuePayment[]> {
    return transact(this.#server, { name: 'payment.claim', deadlineMs }, async (tx) => {
      const rows = await tx.rows<PaymentRow & { now_ms: string }>(SELECT_DUE, [limit]);
      if (rows.length === 0) return [];
      const nowMs = Number(rows[0]?.now_ms);
      const payments = rows.map(toPayment);
      const attempts = await byPayment<AttemptRow, Attempt>(
        tx,
        SELECT_ATTEMPTS,
        payments,
        toAttempt,
      );
      const due = payments.map((payment): DuePayment => {
        const openAttempts = (attempts.get(nameOf(payment)) ?? []).filter(open);
        const dueMs = nextLookMs(payment, openAttempts, nowMs, times);
        return { payment: { ...payment, dueMs }, openAttempts };
      });
      updatePayments(
        tx,
        due.map(({ payment }) => payment),
      );
      return due;
    });
  }
}
