// Counts the states that payments enter.

import { counters } from '../../platform/telemetry/metrics.js';
import type { PaymentState } from '../domain/payment.js';

const transitions = counters('spillway.payment.transitions');

export function countEntered(state: PaymentState, payments = 1): void {
  transitions.of(state).add(payments);
}
