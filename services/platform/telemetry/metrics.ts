// What this process counts: plain numbers that are read when somebody scrapes. On a small machine a
// value costs 15 ns in a series that was kept and 110 ns in one that is found by three labels; with
// OpenTelemetry's own histogram it costs 880 ns, and an order needs a dozen. What is told to the
// outside is nevertheless its data model (metric-producer.ts).
//
// Invariant: the number of series is bounded. Beyond SERIES_MAX a metric's new series share one, whose
// labels say "other".

import { METRICS, type MetricName, type MetricOf } from './metric-catalogue.js';

/** 40 methods of RPC with a dozen codes, most of them never seen, and some spare. */
const SERIES_MAX = 500;
const OTHER = 'other';

type LabelValues<L extends readonly string[]> = { [K in keyof L]: string };
type ValuesOf<N extends MetricName> = LabelValues<(typeof METRICS)[N]['labels']>;

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
}

export class Counter implements Series {
  readonly labels: Series['labels'];
  #value = 0;
  readonly #sources: (() => number)[] = [];

  constructor(labels: Series['labels']) {
    this.labels = labels;
  }

  add(amount = 1): void {
    this.#value += amount;
  }

  /** Adds what somebody else counts already; it must never fall. */
  observe(source: () => number): void {
    this.#sources.push(source);
  }

  read(): number {
    return this.#sources.reduce((sum, source) => sum + source(), this.#value);
  }
}

export class Gauge implements Series {
  readonly labels: Series['labels'];
  #value: number | undefined;
  readonly #sources: (() => number | undefined)[] = [];

  constructor(labels: Series['labels']) {
    this.labels = labels;
  }

  set(value: number): void {
    this.#value = value;
  }

  /** Read when somebody asks; several sources add up. */
  observe(source: () => number | undefined): void {
    this.#sources.push(source);
  }

  /** Undefined as long as nothing is known. */
  read(): number | undefined {
    let sum = this.#value;
    for (const source of this.#sources) {
      const value = source();
      if (value !== undefined) sum = (sum ?? 0) + value;
    }
    return sum;
  }
}

export class Histogram implements Series {
  readonly labels: Series['labels'];
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(labels: Series['labels'], bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    counts[at] = (counts[at] as number) + 1;
    this.sum += value;
    this.count += 1;
  }
}

/** All series of one metric. */
export class Family<S extends Series, V extends readonly string[] = readonly string[]> {
  readonly name: MetricName;
  readonly #make: (labels: Series['labels']) => S;
  readonly #series = new Map<string, S>();

  constructor(name: MetricName, make: (labels: Series['labels']) => S) {
    this.name = name;
    this.#make = make;
  }

  /** The series with these labels, in the order of the catalogue. Keep it where calls are frequent. */
  of(...values: V): S {
    const key = values.length === 1 ? (values[0] as string) : values.join('\n');
    return this.#series.get(key) ?? this.#open(key, values);
  }

  get series(): S[] {
    return [...this.#series.values()];
  }

  #open(key: string, values: readonly string[]): S {
    if (this.#series.size >= SERIES_MAX) return this.#other();
    const names: readonly string[] = METRICS[this.name].labels;
    const labels = Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
    const series = this.#make(labels);
    this.#series.set(key, series);
    return series;
  }

  #other(): S {
    const names: readonly string[] = METRICS[this.name].labels;
    const known = this.#series.get(OTHER);
    if (known) return known;
    const series = this.#make(Object.fromEntries(names.map((name) => [name, OTHER])));
    this.#series.set(OTHER, series);
    return series;
  }
}

export type AnyFamily = Family<Counter> | Family<Gauge> | Family<Histogram>;

const families = new Map<MetricName, AnyFamily>();

/** What has been counted so far, or could be. */
export function everyFamily(): Iterable<AnyFamily> {
  return families.values();
}

export function counters<N extends MetricOf<'counter'>>(name: N): Family<Counter, ValuesOf<N>> {
  return family(name, () => new Family(name, (labels) => new Counter(labels)));
}

export function gauges<N extends MetricOf<'gauge'>>(name: N): Family<Gauge, ValuesOf<N>> {
  return family(name, () => new Family(name, (labels) => new Gauge(labels)));
}

export function histograms<N extends MetricOf<'histogram'>>(
  name: N,
): Family<Histogram, ValuesOf<N>> {
  const { bounds } = METRICS[name];
  return family(name, () => new Family(name, (labels) => new Histogram(labels, bounds)));
}

// One family per name and process, whoever asks for it.
function family<F>(name: MetricName, make: () => F): F {
  const known = families.get(name) as F | undefined;
  if (known !== undefined) return known;
  const made = make();
  families.set(name, made as unknown as AnyFamily);
  return made;
}
