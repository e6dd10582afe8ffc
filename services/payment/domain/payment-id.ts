// Names that derive from the order's id, so that nothing has to be stored or looked up to build them:
// the payment's id, and the key of a charge at the provider.

const INT64_MAX = 2n ** 63n - 1n;
const PAYMENT_ID = /^p-([1-9][0-9]{0,18})$/;
const CHARGE_KEY = /^(p-[1-9][0-9]{0,18})-([1-9][0-9]{0,8})$/;

export function paymentIdOf(orderId: bigint): string {
  return `p-${orderId}`;
}

/** Undefined when no payment can have this id. */
export function orderIdOf(paymentId: string): bigint | undefined {
  const digits = PAYMENT_ID.exec(paymentId)?.[1];
  if (digits === undefined) return undefined;
  const orderId = BigInt(digits);
  return orderId <= INT64_MAX ? orderId : undefined;
}

/** The provider takes at most one charge per key, however often it is asked. */
export function chargeKeyOf(orderId: bigint, attemptNo: number): string {
  return `${paymentIdOf(orderId)}-${attemptNo}`;
}

export function parseChargeKey(key: string): { orderId: bigint; attemptNo: number } | undefined {
  const match = CHARGE_KEY.exec(key);
  if (match === null) return undefined;
  const orderId = orderIdOf(match[1] ?? '');
  return orderId === undefined ? undefined : { orderId, attemptNo: Number(match[2]) };
}
