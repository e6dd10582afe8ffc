// Attributes as they lie in a column: JSON in one order, so that equal attributes are equal text.
// Plain text and not the JSON type, which MySQL and MariaDB treat differently. Nothing is NULL.

import { type Attributes, sortedAttributes } from '../../domain/offer.js';

export function attributesText(attributes: Attributes): string | null {
  const pairs = sortedAttributes(attributes);
  return pairs.length === 0 ? null : JSON.stringify(pairs);
}

export function attributesIn(text: string | null): Attributes {
  if (text === null) return {};
  return Object.fromEntries(JSON.parse(text) as [string, string][]);
}
