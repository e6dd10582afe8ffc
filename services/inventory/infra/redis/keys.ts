// The only place that builds a Redis key. All keys of a partition share one hash tag, so one Lua call
// may touch all of them in a cluster too. Ids cannot contain braces, so a SKU cannot steer the tag.

export interface SkuKeys {
  /** Hash: available, epoch, seq, bind. */
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
