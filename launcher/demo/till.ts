// The till: what buyers do once they have an order. Most pay; some are declined first; some cancel
// before paying, some after; some never come.
import { RpcError } from '../../services/platform/rpc/errors.js';
import { persist, reasonOf } from './persist.js';
import { cancelOrder, type SaleContext } from './rush.js';
import type { Intent } from './scenario.js';
import { count, type PlacedOrder } from './tally.js';

export async function settleOrder(sale: SaleContext, placed: PlacedOrder): Promise<void> {
  await STEPS[placed.buyer.intent](sale, placed);
}

type Step = (sale: SaleContext, placed: PlacedOrder) => Promise<unknown>;

const STEPS: Record<Intent, Step> = {
  PAY: (sale, placed) => pay(sale, placed, 'card', 1),
  DECLINE_THEN_PAY: async (sale, placed) => {
    await pay(sale, placed, 'card_declined', 1);
    await pay(sale, placed, 'card', 2);
  },
  CANCEL_UNPAID: (sale, placed) => cancelOrder(sale, placed.orderId, 'found it cheaper'),
  CANCEL_PAID: async (sale, placed) => {
    await pay(sale, placed, 'card', 1);
    await cancelOrder(sale, placed.orderId, 'regrets');
  },
  // Done in the rush.
  CANCEL_EARLY: async () => {},
  NEVER_PAY: async () => {},
};

/**
 * PAYMENT_UNKNOWN passes when the intent arrives, PAYMENT_IN_PROGRESS when the provider answers.
 */
const PASSING = ['PAYMENT_UNKNOWN', 'PAYMENT_IN_PROGRESS'];

async function pay(
  sale: SaleContext,
  { orderId, paymentId }: PlacedOrder,
  method: string,
  attempt: number,
): Promise<void> {
  const request = { paymentId, requestId: `${orderId}-${attempt}`, method };
  const onRetry = () => void sale.tally.retries++;
  try {
    await persist({ signal: sale.signal, onRetry, passing: PASSING }, (o) =>
      sale.clients.payments.startPayment(request, o),
    );
  } catch (e) {
    if (!(e instanceof RpcError)) throw e;
    if (!sale.signal.aborted) count(sale.tally.troubles, `pay: ${reasonOf(e)}`);
  }
}
