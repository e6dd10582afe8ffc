// The result of a benchmark as `--json FILE` writes it: a contract with scripts, hence the names.

/** What every part of the benchmark says. */
export interface BenchHead {
  machine: Machine;
  versions: Versions;
  /** What was run: a number without its command is not one. */
  options: Options;
  /**
   * An empty call on a bare grpc-js server, measured in each round: the unit. Absent where
   * processor times cannot be read.
   */
  limit?: Limit;
}

export interface Machine {
  cpu: string;
  cores: number;
  memory_gib: number;
  os: string;
  /** The largest part of it, 0 to 1, that other work took during any measurement. */
  others_share_max?: number;
}

export interface Versions {
  node: string;
  redis: string;
  mysql: string;
  /** Of the checkout, with `+` when files were changed since; absent outside git. */
  commit?: string;
}

export interface Options {
  command: string;
  seconds: number;
  rounds: number;
}

export interface Limit {
  cpu_us: number;
  per_second: number;
  cpu_us_spread: [number, number];
  per_second_spread: [number, number];
  /** What the process that makes the load takes for one call: it must not be what is measured. */
  generator_us: number;
}

/** Medians over the rounds; a spread is the least and the most. */
export interface Figures {
  per_second: number;
  per_second_spread: [number, number];
  /** Milliseconds of a call, so of a batch where there are batches. */
  p50_ms: number;
  p99_ms: number;
  /** Per operation, of all processes but the one that makes the load and the payment provider. */
  cpu_us?: number;
  cpu_us_spread?: [number, number];
  /** `cpu_us` as a multiple of an empty call's. */
  ratio_to_limit?: number;
  /** By kind of process; `generator` is the one that makes the load. */
  cpu_us_by_process?: Record<string, number>;
}

/** `bench`: the contract of this project with whoever asks what it costs. */
export interface WholeBenchResult extends BenchHead, Partial<WholeFigures> {
  strategies?: StrategyFigures[];
  growth?: GrowthPoint[];
}

/** One call each, over the whole mesh. */
export interface WholeFigures {
  /** Reserved, stored and with its payment intent, one hot SKU. */
  create_order: Figures;
  /** Refused because nothing is left. */
  sold_out: Figures;
  /** A request that has its order, sent again. */
  duplicate: Figures;
  get_order: Figures;
  get_stock: Figures;
  /** Of an unpaid order: its payment is barred and its units are given back. */
  cancel_order: Figures;
  /** From CreateOrder over the provider's callback until inventory has confirmed the units. */
  paid_order: Figures;
  /** The same as create_order, one RPC, one script and one transaction each. */
  naive: Figures;
}

/** One way to sell one hot SKU, with so many buyers at a time. */
export interface StrategyFigures {
  strategy: string;
  concurrency: number;
  accepted_per_second: number;
  accepted_per_second_spread: [number, number];
  /** Of the attempts while there was stock, 0 to 1. */
  success_share: number;
  p50_ms: number;
  p99_ms: number;
  /** Per accepted buyer, of all processes but the generator. */
  cpu_us?: number;
  /**
   * Of the last units, all rounds together, counted in the database: sold beyond what there was.
   */
  oversold: number;
  /** Told that they have one, and no row says so. */
  lost: number;
  /** Of all answers of all rounds, 0 to 1: neither failed, nor oversold, nor lost. */
  correct_share: number;
}

export const GROWTH_DIMENSIONS = [
  'past_orders',
  'skus',
  'lines',
  'users',
  'processes',
  'redis_masters',
  'mysql_servers',
] as const;
export type GrowthDimension = (typeof GROWTH_DIMENSIONS)[number];

/** What an order costs when one thing is larger; everything else stays as it was. */
export interface GrowthPoint {
  dimension: GrowthDimension;
  value: number;
  /** Measured beside it: minutes may lie between the points. */
  limit?: Limit;
  create_order: Figures;
}

/** `bench inventory`. */
export interface InventoryBenchResult extends BenchHead {
  inventory: InventoryFigures;
  /** Empty unless asked for. */
  growth: GrowthLevel[];
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

/** `bench order`. */
export interface OrderBenchResult extends BenchHead, OrderFigures {
  /** At a rate that callers set, whether or not they are answered. */
  open_loop: OpenFigures[];
  /** Empty unless asked for. */
  growth: OrderGrowthLevel[];
}

/** One call each, over the whole mesh: order, inventory, payment, Redis and MySQL. */
export interface OrderFigures {
  create_order: Figures;
  /** The same of a SKU with a limit per buyer, which is a row more. */
  create_order_limited: Figures;
  sold_out: Figures;
  duplicate: Figures;
  get_order: Figures;
  ship_order: Figures;
  deliver_order: Figures;
  cancel_order: Figures;
}

export interface OpenFigures {
  operation: 'create_order' | 'ship_order' | 'get_order';
  rate_per_second: number;
  /** What was answered as it should be. */
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  p99_ms_promised: number;
  /** Not sent, because too many were under way. */
  dropped: number;
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
