// The rush: every buyer places an order, one in five sends the request twice, and a few of those
// who win early give their order up at once. What each has seen goes into the tally.
import { RpcError } from '../../services/platform/rpc/errors.js';
import type { MeshClients } from './clients.js';
import { persist, reasonOf, transient } from './persist.js';
import type { Buyer } from './scenario.js';
import { count, type Tally } from './tally.js';

export interface SaleContext {
  readonly clients: MeshClients;
  readonly tally: Tally;
  readonly tag: string;
  readonly signal: AbortSignal;
}

/** A window in seconds that is over soon after the buyers who do pay have paid. */
export const NEVER_PAY_WINDOW_SECONDS = 3;

/** What one copy of a request came to. FAILED: no answer, so its outcome is not known. */
export type Answer =
  | { outcome: 'ORDER'; orderId: string; paymentId: string }
  | { outcome: 'REFUSED'; reason: string }
  | { outcome: 'FAILED' };

/** `round` tells a second visit from the first: it is another purchase, so it has another id. */
export async function placeOrder(sale: SaleContext, buyer: Buyer, round = 1): Promise<void> {
  const answers = await sendCopies(sale, buyer, round);
  recordAnswers(sale.tally, buyer, answers);
  sale.tally.arrived++;
  const order = answers.find((answer) => answer.outcome === 'ORDER');
  if (order !== undefined && buyer.intent === 'CANCEL_EARLY') {
    await cancelOrder(sale, order.orderId, 'changed my mind');
  }
}

async function sendCopies(sale: SaleContext, buyer: Buyer, round: number): Promise<Answer[]> {
  const send = () => sendOnce(sale, buyer, round);
  if (buyer.copy === 'TOGETHER') return Promise.all([send(), send()]);
  const first = await send();
  return buyer.copy === 'AFTER' ? [first, await send()] : [first];
}

async function sendOnce(sale: SaleContext, buyer: Buyer, round: number): Promise<Answer> {
  const request = createRequest(sale.tag, buyer, round);
  const onRetry = () => void sale.tally.retries++;
  let startMs = 0;
  try {
    const response = await persist({ signal: sale.signal, onRetry }, (o) => {
      startMs = performance.now();
      return sale.clients.orders.createOrder(request, o);
    });
    sale.tally.answered(performance.now() - startMs);
    sale.tally.sample ??= response;
    const { order } = response;
    if (order === undefined) return { outcome: 'FAILED' };
    return { outcome: 'ORDER', orderId: order.orderId, paymentId: order.paymentId };
  } catch (e) {
    if (!(e instanceof RpcError)) throw e;
    if (transient(e) || sale.signal.aborted) return { outcome: 'FAILED' };
    sale.tally.answered(performance.now() - startMs);
    return { outcome: 'REFUSED', reason: reasonOf(e) };
  }
}

export function createRequest(tag: string, buyer: Buyer, round: number) {
  return {
    requestId: `${tag}-r${buyer.number}-${round}`,
    userId: `${tag}-u${buyer.number}`,
    lines: buyer.lines.map((line) => ({ ...line })),
    paymentWindowSeconds: buyer.intent === 'NEVER_PAY' ? NEVER_PAY_WINDOW_SECONDS : 0,
  };
}

/** What the answers to all copies of one request mean together. */
export function recordAnswers(tally: Tally, buyer: Buyer, answers: readonly Answer[]): void {
  const [first, copy] = answers;
  const orders = answers.filter((answer) => answer.outcome === 'ORDER');
  const [order] = orders;
  if (order === undefined) {
    const refusal = answers.find((answer) => answer.outcome === 'REFUSED');
    const open = answers.some((answer) => answer.outcome === 'FAILED');
    if (refusal === undefined || open) tally.failed++;
    else refuse(tally, buyer, refusal.reason);
    return;
  }
  tally.placed.push({ buyer, orderId: order.orderId, paymentId: order.paymentId });
  if (orders.length === 2) {
    if (orders.every((other) => other.orderId === order.orderId)) tally.duplicatesAnswered++;
    else tally.duplicatesUnequal++;
  }
  // A refusal before the order is luck: a unit came back in between. After it, it is a broken
  // promise.
  if (buyer.copy === 'AFTER' && first?.outcome === 'ORDER' && copy?.outcome === 'REFUSED') {
    tally.duplicatesRefused++;
  }
}

function refuse(tally: Tally, buyer: Buyer, reason: string): void {
  count(tally.refused, reason);
  const onlyHot = buyer.hot && buyer.lines.length === 1 && buyer.intent !== 'CANCEL_EARLY';
  if (onlyHot && reason === 'SOLD_OUT') tally.turnedAway.push(buyer);
}

/**
 * True when it is cancelled. A payment under way ends first, so the wait is bounded but patient.
 */
export async function cancelOrder(
  sale: SaleContext,
  orderId: string,
  reason: string,
): Promise<boolean> {
  const onRetry = () => void sale.tally.retries++;
  const passing = ['PAYMENT_IN_PROGRESS'];
  try {
    await persist({ signal: sale.signal, onRetry, passing }, (o) =>
      sale.clients.orders.cancelOrder({ orderId, reason }, o),
    );
    return true;
  } catch (e) {
    if (!(e instanceof RpcError)) throw e;
    if (!sale.signal.aborted) count(sale.tally.troubles, `cancel: ${reasonOf(e)}`);
    return false;
  }
}
