// What an ordinary shopper puts into the basket: one to three SKUs by Zipf's law, mostly one unit
// of each.

import { type Chance, zipf } from '../plan/chance.ts';
import { config } from './config.ts';
import { type Line, skuName } from './shopper.ts';

const SECOND_LINE_CHANCE = 0.3;
const THIRD_LINE_CHANCE = 0.1;
const TWO_UNITS_CHANCE = 0.1;

const popular = zipf(config.skus);

export function fillBasket(chance: Chance): Line[] {
  const chosen = new Set([popular(chance.next())]);
  if (chance.happens(SECOND_LINE_CHANCE)) chosen.add(popular(chance.next()));
  if (chance.happens(THIRD_LINE_CHANCE)) chosen.add(popular(chance.next()));
  return [...chosen].map((number) => ({
    skuId: skuName(number),
    quantity: chance.happens(TWO_UNITS_CHANCE) ? 2 : 1,
  }));
}
