// The only place that builds a Redis key. All keys of a partition share one hash tag, so one Lua call
// may touch all of them in a cluster too. Ids cannot contain braces, so a SKU cannot steer the tag.

/**
 * How long Redis keeps a SKU that nobody changes: a day, so that the SKUs of past sales do not pile up.
 * Whoever asks for one later loads it again. The other keys are kept a minute longer than the stock.
 */
export const KEEP_S = 24 * 60 * 60;

export interface SkuKeys {
  /** Hash: available, epoch, seq, bind, listed. */
  readonly stock: string;
  /** Hash: reservation id to the order that was granted, or CLOSED. */
  readonly grants: string;
  /** Hash: user id to units held or bought; only for SKUs with a limit per user. */
  readonly buyers: string;
}

export function skuKeys(partition: number, skuId: string): SkuKeys {
  const tag = `{p${String(partition).padStart(2, '0')}}`;
  return {
    stock: `${tag}:sku:${skuId}`,
    grants: `${tag}:res:${skuId}`,
    buyers: `${tag}:usr:${skuId}`,
  };
}

/** Matches every stock key, for SCAN. */
export const STOCK_KEYS = '{p[0-9][0-9]}:sku:*';

/** The SKU of a stock key; undefined for a key that is not ours. */
export function skuIdOf(stockKey: string): string | undefined {
  return /^\{p\d\d\}:sku:([\w.:-]{1,64})$/.exec(stockKey)?.[1];
}
