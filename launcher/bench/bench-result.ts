// The result of a benchmark as `--json FILE` writes it: a contract with scripts, hence the names.

/** What every part of the benchmark says. */
export interface BenchHead {
  machine: Machine;
  /** What was run: a number without its command is not one. */
  options: { seconds: number; rounds: number };
  /** The largest part of the machine, 0 to 1, that other work took during any measurement. */
  others_share_max?: number;
  /**
   * An empty grpc-js unary call, measured in each round: the unit. Absent where processor times
   * cannot be read.
   */
  limit?: Limit;
}

/** `bench inventory`. */
export interface BenchResult extends BenchHead {
  inventory: InventoryFigures;
  /** Empty unless asked for. */
  growth: GrowthLevel[];
}

/** `bench order`. */
export interface OrderBenchResult extends BenchHead, OrderFigures {
  /** Empty unless asked for. */
  growth: OrderGrowthLevel[];
}

export interface Machine {
  cpu: string;
  cores: number;
  memory_gib: number;
  os: string;
  node: string;
  redis: string;
  mysql: string;
  /** Of the checkout, with `+` when files were changed since; absent outside git. */
  commit?: string;
}

export interface Limit {
  cpu_us: number;
  per_second: number;
}

export interface InventoryFigures {
  /** Settled reservations of one hot SKU, in batches. */
  reserve_hot: Figures;
  /** The gate alone: what Redis allows. */
  lua_only: Figures;
  /** Settled, each with a call, a script and a transaction of its own. */
  naive: Figures;
  sold_out: Figures;
  duplicate: Figures;
  confirm: Figures;
  release: Figures;
  /** One call each. */
  get_stock: Figures;
  redis_bytes: RedisBytes;
}

export type MeasurementName = Exclude<keyof InventoryFigures, 'redis_bytes'>;

/** Medians over the rounds; a spread is the least and the most. */
export interface Figures {
  per_second: number;
  per_second_spread: [number, number];
  /** Milliseconds of a call, so of a batch where there are batches. */
  p50_ms: number;
  p99_ms: number;
  /** Per operation, of all processes but the one that makes the load, as in `limit`. */
  cpu_us?: number;
  cpu_us_spread?: [number, number];
  /** `cpu_us` as a multiple of an empty call's. */
  ratio_to_limit?: number;
  /** By kind of process; `generator` is the one that makes the load. */
  cpu_us_by_process?: Record<string, number>;
}

/** Bytes of Redis per live reservation of one unit. */
export interface RedisBytes {
  reservations: number;
  per_reservation: number;
  per_reservation_with_user_limit: number;
}

export interface GrowthLevel {
  /** What existed beside it. */
  skus: number;
  past_reservations: number;
  /** Uniformly over many SKUs, all of them loaded. */
  reserve_spread: Figures;
  reserve_hot: Figures;
  confirm: Figures;
}

/** One call each, over the whole mesh: order, inventory, payment, Redis and MySQL. */
export interface OrderFigures {
  /** Reserved, stored and with its payment intent, one hot SKU. */
  create_order: Figures;
  /** The same of a SKU with a limit per buyer, which is a row more. */
  create_order_limited: Figures;
  /** Refused because nothing is left. */
  sold_out: Figures;
  /** A request that has its order, sent again. */
  duplicate: Figures;
  get_order: Figures;
  ship_order: Figures;
  deliver_order: Figures;
  /** Of an unpaid order: its payment is barred and its units are given back. */
  cancel_order: Figures;
}

export interface OrderGrowthLevel {
  /** Orders of the past beside it, with their lines, payments and reservations. */
  past_orders: number;
  /** Measured beside them, because minutes lie between the levels. */
  limit?: Limit;
  create_order: Figures;
  /** Uniformly over the past orders, or over the new ones where there are none. */
  get_order: Figures;
  ship_order: Figures;
}
