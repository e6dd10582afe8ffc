// Promise: offers with the same content have the same snapshot, and no others.
// Method: pairs.

import { expect, test } from '@jest/globals';
import { type NewOffer, snapshotHashOf } from './offer.js';

const base: NewOffer = {
  skuId: 'tea',
  title: 'Tea',
  currency: 'EUR',
  unitPriceMinor: 450n,
  userLimit: 0,
  opensMs: undefined,
  closesMs: undefined,
  attributes: { colour: 'green', leaf: 'whole' },
  presale: undefined,
};

test.each<[string, Partial<NewOffer>, boolean]>([
  ['attributes in another order', { attributes: { leaf: 'whole', colour: 'green' } }, true],
  ['another sale window', { opensMs: 1, closesMs: 2 }, true],
  ['another limit', { userLimit: 1 }, true],
  ['another title', { title: 'Tea!' }, false],
  ['another price', { unitPriceMinor: 451n }, false],
  ['another currency', { currency: 'USD' }, false],
  ['an attribute less', { attributes: { colour: 'green' } }, false],
  ['values exchanged', { attributes: { colour: 'whole', leaf: 'green' } }, false],
  ['a name that ends in a value', { attributes: { colourg: 'reen', leaf: 'whole' } }, false],
])('%s', (_, changes, same) => {
  expect(snapshotHashOf({ ...base, ...changes }) === snapshotHashOf(base)).toBe(same);
});
