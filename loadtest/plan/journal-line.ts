// The journal of a run: one line per call, written by the k6 scripts as it is answered and read by
// the verdict afterwards. It is what callers were told, so nothing that k6 counts is needed to
// judge a run. Imports nothing: it runs in k6 and in Node.
//
//   call <at ms> <protocol> <operation> <outcome> <ms> <request id> <order id>
//   shelf <sku id> <units put there>

/**
 * ACCEPTED   a new order.
 * DUPLICATE  the order that an earlier copy of the request made.
 * PAID       seen as paid in the order itself.
 * CANCELLED  the order is cancelled.
 * DONE       any other call did what it was asked.
 * REFUSED    a definite no; its reason follows after a colon.
 * FAILED     no answer, or one that leaves the outcome open; its reason follows after a colon.
 */
export type Outcome =
  | 'ACCEPTED'
  | 'DUPLICATE'
  | 'PAID'
  | 'CANCELLED'
  | 'DONE'
  | 'REFUSED'
  | 'FAILED';

export type Protocol = 'grpc' | 'http';

export interface CallLine {
  /** When it was sent, in milliseconds since 1970. */
  readonly atMs: number;
  readonly protocol: Protocol;
  readonly operation: string;
  readonly outcome: Outcome;
  /** '' unless refused or failed. */
  readonly reason: string;
  readonly ms: number;
  /** '' where there is none. */
  readonly requestId: string;
  readonly orderId: string;
}

export interface ShelfLine {
  readonly skuId: string;
  readonly units: number;
}

export type JournalLine =
  | { readonly kind: 'CALL'; readonly call: CallLine }
  | { readonly kind: 'SHELF'; readonly shelf: ShelfLine };

const NONE = '-';
const OUTCOMES: readonly string[] = [
  'ACCEPTED',
  'DUPLICATE',
  'PAID',
  'CANCELLED',
  'DONE',
  'REFUSED',
  'FAILED',
];

export function callLine(call: CallLine): string {
  const outcome = call.reason === '' ? call.outcome : `${call.outcome}:${call.reason}`;
  const { atMs, protocol, operation, ms } = call;
  const ids = `${call.requestId || NONE} ${call.orderId || NONE}`;
  return `call ${atMs} ${protocol} ${operation} ${outcome} ${ms} ${ids}`;
}

export function shelfLine(shelf: ShelfLine): string {
  return `shelf ${shelf.skuId} ${shelf.units}`;
}

/** Undefined for a line that is none of ours, such as a warning of k6. */
export function parseJournalLine(line: string): JournalLine | undefined {
  const words = line.split(' ');
  if (words[0] === 'shelf' && words.length === 3) {
    const [, skuId = '', units = ''] = words;
    return { kind: 'SHELF', shelf: { skuId, units: Number(units) } };
  }
  if (words[0] !== 'call' || words.length !== 8) return undefined;
  const [, at = '', protocol, operation = '', told = '', ms = '', requestId, orderId] = words;
  const colon = told.indexOf(':');
  const outcome = colon === -1 ? told : told.slice(0, colon);
  if (!OUTCOMES.includes(outcome) || (protocol !== 'grpc' && protocol !== 'http')) return undefined;
  const call: CallLine = {
    atMs: Number(at),
    protocol,
    operation,
    outcome: outcome as Outcome,
    reason: colon === -1 ? '' : told.slice(colon + 1),
    ms: Number(ms),
    requestId: unlessNone(requestId),
    orderId: unlessNone(orderId),
  };
  return Number.isFinite(call.atMs) && Number.isFinite(call.ms)
    ? { kind: 'CALL', call }
    : undefined;
}

function unlessNone(word: string | undefined): string {
  return word === undefined || word === NONE ? '' : word;
}
