// The result of a benchmark as `--json FILE` writes it: a contract with scripts, hence the names.

export interface BenchResult {
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
  inventory: InventoryFigures;
  /** Empty unless asked for. */
  growth: GrowthLevel[];
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
