// What an alert is: a condition, and two stories that hold it. In one it must fire, in the other it
// must be silent although something like it happens.

export interface Alert {
  /** Also the name of its runbook in docs/operations.md. */
  readonly name: string;
  /** page: somebody gets up. ticket: somebody looks in working hours. */
  readonly severity: 'page' | 'ticket';
  readonly expr: string;
  /** How long the condition must hold. */
  readonly for: string;
  readonly summary: string;
  readonly fires: Story;
  readonly silent: Story;
}

/** A minute per sample, in promtool's notation: `0+60x10` rises by 60 for 10 minutes. */
export interface Story {
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** What the firing alert carries beside its severity. */
  readonly labels?: Readonly<Record<string, string>>;
}

export const INTERVAL = '1m';
