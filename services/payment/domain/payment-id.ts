// Names that derive from the order's id, so that nothing has to be stored or looked up to build them:
// the payment's id, and the key of a charge at the provider. Almost every order has one payment; that
// of a presale's balance lies beside it, in the same shard.

export type PaymentPart = 'FIRST' | 'BALANCE';

/** What a payment is found by. */
export interface PaymentKey {
  readonly orderId: bigint;
  readonly part: PaymentPart;
}

const INT64_MAX = 2n ** 63n - 1n;
const PAYMENT_ID = /^p-([1-9][0-9]{0,18})(-balance)?$/;
const CHARGE_KEY = /^(p-[1-9][0-9]{0,18}(?:-balance)?)-([1-9][0-9]{0,8})$/;

export function paymentIdOf({ orderId, part }: PaymentKey): string {
  return part === 'FIRST' ? `p-${orderId}` : `p-${orderId}-balance`;
}

/** Undefined when no payment can have this id. */
export function paymentKeyOf(paymentId: string): PaymentKey | undefined {
  const match = PAYMENT_ID.exec(paymentId);
  if (match === null) return undefined;
  const orderId = BigInt(match[1] ?? '');
  if (orderId > INT64_MAX) return undefined;
  return { orderId, part: match[2] === undefined ? 'FIRST' : 'BALANCE' };
}

/** The provider takes at most one charge per key, however often it is asked. */
export function chargeKeyOf(payment: PaymentKey, attemptNo: number): string {
  return `${paymentIdOf(payment)}-${attemptNo}`;
}

export function parseChargeKey(key: string): (PaymentKey & { attemptNo: number }) | undefined {
  const match = CHARGE_KEY.exec(key);
  if (match === null) return undefined;
  const payment = paymentKeyOf(match[1] ?? '');
  return payment && { ...payment, attemptNo: Number(match[2]) };
}
