// The ways to sell one hot SKU that are compared, behind one interface. They are what textbooks
// propose, written as well as they can be; none of them is part of any service.

/** In the order in which they are told. */
export const STRATEGIES = [
  'check_then_update',
  'database_constraint',
  'optimistic_lock',
  'select_for_update',
  'redis_lock',
  'redis_gate_async',
  'redis_gate_settled',
] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/** The last one is Spillway itself, over its public call. */
export const OURS = 'redis_gate_settled' satisfies StrategyName;
export type TextbookName = Exclude<StrategyName, typeof OURS>;

export const STRATEGY_TITLES: Record<StrategyName, string> = {
  check_then_update: 'check, then update (no protection)',
  database_constraint: 'UPDATE ... WHERE available >= 1',
  optimistic_lock: 'optimistic lock, 8 retries, 5 to 50 ms',
  select_for_update: 'SELECT ... FOR UPDATE',
  redis_lock: 'distributed lock in Redis',
  redis_gate_async: 'Redis gate, orders written later',
  redis_gate_settled: 'Redis gate, settled in batches: ours',
};

/** SOLD_OUT is an answer; FAILED is none: the buyer knows nothing and has nothing. */
export type BuyOutcome = 'BOUGHT' | 'SOLD_OUT' | 'FAILED';

export interface Strategy {
  /** One unit for a buyer. Whoever is told BOUGHT has, or will have, a row in `sale`. */
  buy(skuId: string, buyerId: string): Promise<BuyOutcome>;
}

export const DATABASE = 'spillway_bench';

/** Unsigned would be a protection, and it is for the strategies to protect. */
export const TABLES = [
  `CREATE TABLE IF NOT EXISTS stock (
    sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    available BIGINT NOT NULL,
    version BIGINT NOT NULL
  ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS sale (
    buyer_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    sku_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    KEY by_sku (sku_id)
  ) ENGINE = InnoDB`,
];

export const redisKeys = {
  available: (skuId: string) => `bench:available:${skuId}`,
  lock: (skuId: string) => `bench:lock:${skuId}`,
  /** Orders that are to be written, and those that are being written. */
  waiting: 'bench:orders:waiting',
  writing: 'bench:orders:writing',
};

/** Beside what the inventory service keeps. */
export const REDIS_DATABASE = 2;

const OUTCOMES: readonly BuyOutcome[] = ['BOUGHT', 'SOLD_OUT', 'FAILED'];

export function pathOf(name: TextbookName): string {
  return `/spillway.bench.Strategies/${name}`;
}

/** The whole message: a message of protobuf would cost all of them the same. */
export function encodeBuy(skuId: string, buyerId: string): Buffer {
  return Buffer.from(`${skuId} ${buyerId}`, 'latin1');
}

export function decodeBuy(bytes: Buffer): { skuId: string; buyerId: string } {
  const [skuId = '', buyerId = ''] = bytes.toString('latin1').split(' ');
  return { skuId, buyerId };
}

export function encodeOutcome(outcome: BuyOutcome): Buffer {
  return Buffer.from([OUTCOMES.indexOf(outcome)]);
}

export function decodeOutcome(bytes: Buffer): BuyOutcome {
  return OUTCOMES[bytes[0] ?? OUTCOMES.length] ?? 'FAILED';
}
