// The crowd: the same seed brings the same people, and the mix is the one that the demo promises.
import { describe, expect, test } from '@jest/globals';
import { hotDemand, type Intent, planScenario } from './scenario.js';

const size = { units: 1_000, buyers: 20_000, skus: 20, seed: 7 };

test('a seed repeats the crowd buyer by buyer, another seed does not', () => {
  const crowd = (seed: number) => JSON.stringify(planScenario({ ...size, seed }, 't').buyers);
  expect(crowd(7)).toBe(crowd(7));
  expect(crowd(7)).not.toBe(crowd(8));
});

describe('the crowd', () => {
  const { hot, ordinary, buyers } = planScenario(size, 't');
  const share = (of: (buyer: (typeof buyers)[number]) => boolean) =>
    buyers.filter(of).length / buyers.length;
  const hotBuyers = buyers.filter((buyer) => buyer.hot);

  test('wants far more hot units than there are', () => {
    expect(hotDemand(planScenario(size, 't'))).toBeGreaterThan(5 * hot.units);
  });

  test('has one in five send twice, half of them at the same moment', () => {
    expect(share((buyer) => buyer.copy !== 'NONE')).toBeCloseTo(0.2, 1);
    expect(share((buyer) => buyer.copy === 'TOGETHER')).toBeCloseTo(0.1, 1);
  });

  test('shows every behaviour', () => {
    const intents = new Set<Intent>(buyers.map((buyer) => buyer.intent));
    expect([...intents].sort()).toEqual([
      'CANCEL_EARLY',
      'CANCEL_PAID',
      'CANCEL_UNPAID',
      'DECLINE_THEN_PAY',
      'NEVER_PAY',
      'PAY',
    ]);
    expect(share((buyer) => buyer.lines.length > 1)).toBeGreaterThan(0.05);
  });

  test('keeps every hot unit, but for a few who cancel early', () => {
    const keepers = hotBuyers.filter((buyer) => buyer.intent !== 'CANCEL_EARLY');
    expect(new Set(keepers.map((buyer) => buyer.intent))).toEqual(
      new Set(['PAY', 'DECLINE_THEN_PAY']),
    );
    const latest = Math.max(
      ...hotBuyers
        .filter((b) => b.intent === 'CANCEL_EARLY' || b.lines.length > 1)
        .map((b) => b.number),
    );
    expect(latest).toBeLessThan(size.buyers * 0.3);
  });

  test('names each SKU once per order, and only SKUs of this run', () => {
    const known = new Set([hot, ...ordinary].map((sku) => sku.skuId));
    for (const { lines } of buyers) {
      expect(new Set(lines.map((line) => line.skuId)).size).toBe(lines.length);
      for (const line of lines) expect(known).toContain(line.skuId);
    }
  });
});

test('without ordinary SKUs everybody wants the hot one', () => {
  const { buyers } = planScenario({ ...size, skus: 0 }, 't');
  expect(buyers.every((buyer) => buyer.hot && buyer.lines.length === 1)).toBe(true);
});
