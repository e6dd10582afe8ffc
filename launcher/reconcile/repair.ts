// Repairs what is safe, by one way only: the payment service asks the provider again, and the answer goes
// through the same rules as a callback. Nothing is ever written past the service.

import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock } from '../../services/platform/clock.js';
import { connectClient } from '../../services/platform/rpc/client.js';

/** Few: the provider is asked beside the payments of a running sale. */
const AT_ONCE = 8;
/** A question, perhaps a charge sent again, and two commits. */
const CALL_MS_MAX = 10_000;

/** Answers the payments about which the provider, or the service, has not answered, with why. */
export async function lookAgainAt(
  payments: readonly string[],
  addresses: readonly string[],
): Promise<Map<string, string>> {
  const client = connectClient(PaymentService, { addresses });
  const silent = new Map<string, string>();
  const waiting = [...payments];
  const work = async () => {
    for (let paymentId = waiting.shift(); paymentId !== undefined; paymentId = waiting.shift()) {
      try {
        const deadlineMs = systemClock.nowMs() + CALL_MS_MAX;
        const { answered } = await client.lookAgain({ paymentId }, { deadlineMs });
        if (!answered) silent.set(paymentId, 'the provider does not answer');
      } catch (error) {
        silent.set(paymentId, (error as Error).message);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return silent;
  } finally {
    client.close();
  }
}
