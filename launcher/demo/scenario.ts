// Who comes to the sale and what each of them means to do: a pure function of size and seed, so
// that a run can be repeated buyer by buyer.
//
// The hot SKU must end with every unit sold. So whoever gets one pays, except for a few who come
// early and cancel at once: their units are sold again to those who come after them. Those who
// never pay and those who want their money back buy ordinary SKUs.
import { Random } from './random.js';

export interface DemoSize {
  /** Of the hot SKU; an ordinary one has ORDINARY_SHARE of it. */
  readonly units: number;
  readonly buyers: number;
  /** Ordinary SKUs. */
  readonly skus: number;
  readonly seed: number;
}

export interface SaleSku {
  readonly skuId: string;
  readonly title: string;
  readonly units: number;
  readonly priceMinor: bigint;
  readonly userLimit: number;
}

/**
 * PAY               pays by card.
 * DECLINE_THEN_PAY  is declined first, then pays by another card.
 * CANCEL_EARLY      gives the order up in the middle of the rush.
 * CANCEL_UNPAID     gives it up instead of paying.
 * CANCEL_PAID       pays, regrets, and gets the money back.
 * NEVER_PAY         is never heard of again; the deadline ends the order.
 */
export type Intent =
  | 'PAY'
  | 'DECLINE_THEN_PAY'
  | 'CANCEL_EARLY'
  | 'CANCEL_UNPAID'
  | 'CANCEL_PAID'
  | 'NEVER_PAY';

/** Whether the request is sent twice, and when the copy goes. */
export type Copy = 'NONE' | 'TOGETHER' | 'AFTER';

export interface Buyer {
  readonly number: number;
  readonly lines: readonly { readonly skuId: string; readonly quantity: number }[];
  readonly hot: boolean;
  readonly copy: Copy;
  readonly intent: Intent;
}

export interface Scenario {
  readonly hot: SaleSku;
  readonly ordinary: readonly SaleSku[];
  /** In order of arrival. */
  readonly buyers: readonly Buyer[];
}

const ORDINARY_SHARE = 0.3;
const HOT_SHARE = 0.6;
/** Early = the first 30 %: the other 70 % are there to buy what these give back. */
const EARLY_SHARE = 0.3;
const HOT_CANCEL_CHANCE = 0.05;
const HOT_WITH_MORE_CHANCE = 0.04;
const COPY_CHANCE = 0.2;
const SECOND_LINE_CHANCE = 0.25;
const THIRD_LINE_CHANCE = 0.3;
const TWO_UNITS_CHANCE = 0.2;

/** Chances of an ordinary buyer; what is left of 1 pays. */
const ORDINARY_INTENTS: readonly [Intent, number][] = [
  ['NEVER_PAY', 0.06],
  ['CANCEL_UNPAID', 0.06],
  ['CANCEL_PAID', 0.04],
  ['DECLINE_THEN_PAY', 0.06],
];
const HOT_DECLINED_CHANCE = 0.06;

/** `tag` makes the SKUs of one run different from those of any other on the same mesh. */
export function planScenario(size: DemoSize, tag: string): Scenario {
  const hot: SaleSku = {
    skuId: `${tag}-hot`,
    title: 'The one that everybody wants',
    units: size.units,
    priceMinor: 49_900n,
    // One each: a copy of a request must not run into it, since idempotency is checked first.
    userLimit: 1,
  };
  const ordinary = Array.from({ length: size.skus }, (_, i) => ordinarySku(tag, i, size.units));
  const random = new Random(size.seed);
  const buyers = Array.from({ length: size.buyers }, (_, number) =>
    planBuyer(number, number < size.buyers * EARLY_SHARE, { hot, ordinary }, random),
  );
  return { hot, ordinary, buyers };
}

/** Units that buyers who mean to keep them want of the hot SKU. */
export function hotDemand(scenario: Scenario): number {
  return scenario.buyers.filter((buyer) => buyer.hot && buyer.intent !== 'CANCEL_EARLY').length;
}

function ordinarySku(tag: string, i: number, hotUnits: number): SaleSku {
  return {
    skuId: `${tag}-${String(i + 1).padStart(2, '0')}`,
    title: `Ordinary thing ${i + 1}`,
    units: Math.max(1, Math.round(hotUnits * ORDINARY_SHARE)),
    priceMinor: BigInt(990 + i * 250),
    userLimit: 0,
  };
}

function planBuyer(
  number: number,
  early: boolean,
  skus: { hot: SaleSku; ordinary: readonly SaleSku[] },
  random: Random,
): Buyer {
  const hot = skus.ordinary.length === 0 || random.chance(HOT_SHARE);
  const copy: Copy = random.chance(COPY_CHANCE)
    ? random.chance(0.5)
      ? 'TOGETHER'
      : 'AFTER'
    : 'NONE';
  if (!hot) {
    const lines = ordinaryLines(skus.ordinary, random);
    return { number, lines, hot, copy, intent: ordinaryIntent(random) };
  }
  const line = { skuId: skus.hot.skuId, quantity: 1 };
  const more = early && random.chance(HOT_WITH_MORE_CHANCE) && skus.ordinary.length > 0;
  const lines = more ? [line, ...ordinaryLines(skus.ordinary, random).slice(0, 1)] : [line];
  if (early && random.chance(HOT_CANCEL_CHANCE)) {
    return { number, lines, hot, copy, intent: 'CANCEL_EARLY' };
  }
  const intent = random.chance(HOT_DECLINED_CHANCE) ? 'DECLINE_THEN_PAY' : 'PAY';
  return { number, lines, hot, copy, intent };
}

function ordinaryIntent(random: Random): Intent {
  let x = random.next();
  for (const [intent, chance] of ORDINARY_INTENTS) {
    if (x < chance) return intent;
    x -= chance;
  }
  return 'PAY';
}

/** One to three different SKUs; the first ones of the list are the more popular. */
function ordinaryLines(skus: readonly SaleSku[], random: Random): Buyer['lines'] {
  let count = 1;
  if (random.chance(SECOND_LINE_CHANCE)) count = random.chance(THIRD_LINE_CHANCE) ? 3 : 2;
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, skus.length)) {
    // Squaring leans to the front: the first quarter of the list gets half of the wishes.
    chosen.add(Math.floor(random.next() ** 2 * skus.length));
  }
  return [...chosen].map((i) => ({
    skuId: skus[i]?.skuId ?? '',
    quantity: random.chance(TWO_UNITS_CHANCE) ? 2 : 1,
  }));
}
