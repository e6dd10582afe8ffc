// What a dashboard shows, in as few words as it takes to say it; dashboard-json.ts knows Grafana's.

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** Grafana's names of units. */
  readonly unit: 's' | 'short' | 'percentunit' | 'reqps' | 'ops' | 'bytes';
  /** Legend and expression of each line. */
  readonly lines: Readonly<Record<string, string>>;
  /** What a person should know who looks at it for the first time. */
  readonly hint?: string;
}

/** The rate of a counter over a window that Grafana fits to what is shown. */
export function rate(series: string, by = ''): string {
  const sum = by === '' ? 'sum' : `sum by (${by})`;
  return `${sum} (rate(${series}[$__rate_interval]))`;
}

export function quantile(q: number, histogram: string, labels = '', by = ''): string {
  const le = by === '' ? 'le' : `le, ${by}`;
  const buckets = `rate(${histogram}_bucket{${labels}}[$__rate_interval])`;
  return `histogram_quantile(${q}, sum by (${le}) (${buckets}))`;
}
