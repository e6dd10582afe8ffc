// An order's details as they lie in their column. The text was checked before it was stored, so what
// is read is trusted to be what was written.

import type { OrderDetails } from '../../domain/order-details.js';

export function detailsText(details: OrderDetails | undefined): string | null {
  return details ? JSON.stringify(details) : null;
}

export function detailsIn(text: string | null): OrderDetails | undefined {
  return text === null ? undefined : (JSON.parse(text) as OrderDetails);
}
