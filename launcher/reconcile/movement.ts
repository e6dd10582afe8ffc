// One line of a provider's statement: money that has moved. Amounts are exact integers; which way the
// money went says the kind.

export interface Movement {
  /** The provider's own number of the charge or refund. */
  readonly number: string;
  readonly kind: 'charge' | 'refund';
  /** Of which payment, as we had told it. */
  readonly reference: string;
  /** The key under which we had asked for it. */
  readonly key: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

const COLUMNS = ['number', 'kind', 'reference', 'key', 'currency', 'amount_minor'] as const;
type Column = (typeof COLUMNS)[number];

/** Where each column stands in the lines that follow; further columns are left alone. */
export function columnsOf(head: readonly string[]): Record<Column, number> {
  const places = COLUMNS.map((name) => [name, head.indexOf(name)] as const);
  const missing = places.flatMap(([name, place]) => (place < 0 ? [name] : []));
  if (missing.length > 0) throw new Error(`the statement has no column ${missing.join(', ')}`);
  return Object.fromEntries(places) as Record<Column, number>;
}

/** Throws for a line that cannot be read: what it says may be the difference that is looked for. */
export function movementOf(
  columns: Record<Column, number>,
  fields: readonly string[],
  line: number,
): Movement {
  const of = (name: Column) => fields[columns[name]] ?? '';
  const kind = of('kind');
  if (kind !== 'charge' && kind !== 'refund') throw odd(line, `kind ${kind}`);
  if (!/^[0-9]{1,19}$/.test(of('amount_minor'))) throw odd(line, `amount ${of('amount_minor')}`);
  if (!/^[A-Z]{3}$/.test(of('currency'))) throw odd(line, `currency ${of('currency')}`);
  return {
    number: of('number'),
    kind,
    reference: of('reference'),
    key: of('key'),
    currency: of('currency'),
    amountMinor: BigInt(of('amount_minor')),
  };
}

function odd(line: number, what: string): Error {
  return new Error(`line ${line} of the statement cannot be read: ${what}`);
}
