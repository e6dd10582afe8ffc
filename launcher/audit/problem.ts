// What an audit can find wrong, each kind with the words for a person who has to act on it.
// A problem's identity contains its numbers: while a live mesh moves, the numbers of two looks
// differ and the suspicion falls away; what is really broken looks the same both times.

export const PROBLEM_KINDS = [
  'OVERSOLD',
  'LEAKED',
  'UNHELD',
  'DRIFT',
  'STOCK',
  'LEDGER',
  'ORDER',
  'PAYMENT',
  'MONEY',
  'OUTBOX',
  'UNREACHABLE',
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export interface Problem {
  readonly kind: ProblemKind;
  /** What is wrong: `sku-1`, `order 123`, `EUR`. */
  readonly subject: string;
  /** How it is wrong, with numbers. */
  readonly detail: string;
  /** Units that the problem is worth; 0 where units are not the question. */
  readonly units: number;
}

/** What each kind means, and what to do first. */
export const ADVICE: Readonly<Record<ProblemKind, string>> = {
  OVERSOLD:
    'More units are promised than exist. Stop the sale (close the offer), then compare ' +
    'ListLedger of the SKU with its orders.',
  LEAKED:
    'Units are held by nobody. The check-back of inventory gives them back when the hold ends; ' +
    'if they stay, look for its errors in `./spillway logs inventory`.',
  UNHELD:
    'An order lives without the units it was promised. Do not ship it; look for its order id in ' +
    '`./spillway logs`.',
  DRIFT:
    'Redis and MySQL disagree although nothing moves. MySQL is right: nothing is oversold. ' +
    'A rebase of the SKU repairs Redis; deleting its Redis hash forces one.',
  STOCK:
    'A stock row contradicts its own reservations. Stop the sale of the SKU and keep the rows.',
  LEDGER: 'The ledger of the SKU is incomplete, so its history cannot be trusted. Keep the rows.',
  ORDER: 'The order contradicts its own lines. Keep the rows; somebody wrote past the service.',
  PAYMENT:
    'Order and payment disagree. The payment service retries its news; if it stays, look for the ' +
    'payment id in `./spillway logs payment` and in the statement of the provider.',
  MONEY: 'Money is missing or too much. Compare the payments with the statement of the provider.',
  OUTBOX:
    'An effect was given up after many attempts and waits for a person. The row has the reason; ' +
    'repair the cause, then clear parked_reason to send it again.',
  UNREACHABLE:
    'A server does not answer, so part of the question is open. See `./spillway status`.',
};

export function problem(kind: ProblemKind, subject: string, detail: string, units = 0): Problem {
  return { kind, subject, detail, units };
}

export function problemKey(found: Problem): string {
  return `${found.kind}\n${found.subject}\n${found.detail}`;
}
