// Every load scenario: what it shows and how big it is. The launcher lists and sizes them from
// here, and the k6 scripts are told the result, so this file imports nothing and runs in both.
//
// The full sizes are for two cores that carry the mesh, its servers and k6 itself. On more cores
// give a higher --rate.

export const SCENARIO_NAMES = [
  'smoke',
  'flash-sale',
  'steady',
  'spike',
  'duplicates',
  'cancel-and-resell',
  'mixed',
  'soak',
] as const;

export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export interface ScenarioSize {
  /** Arrivals per second at the height of the run. */
  readonly rate: number;
  readonly seconds: number;
  readonly skus: number;
  /** Units of each SKU at the start. */
  readonly units: number;
}

export interface Scenario {
  /** One line for --list. */
  readonly shows: string;
  readonly full: ScenarioSize;
  /** For CI: some seconds, and few enough arrivals that a busy machine keeps up. */
  readonly short: ScenarioSize;
  /** The first SKU is wanted by more than there is, and must be sold to the last unit. */
  readonly sellsOut: boolean;
  /** Shows what goes on for hours, so its latencies count once everything is warm. */
  readonly steady: boolean;
}

/**
 * A mesh that was just started compiles its code for so long, and a virtual user that was just made
 * reads the contract first. Outcomes count from the first arrival.
 */
export const WARM_UP_SECONDS = 20;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  smoke: {
    shows: 'every public step once per arrival, over gRPC and over HTTP/JSON',
    full: { rate: 10, seconds: 20, skus: 4, units: 10_000 },
    short: { rate: 5, seconds: 4, skus: 4, units: 10_000 },
    sellsOut: false,
    steady: false,
  },
  'flash-sale': {
    shows: 'a ramp of buyers onto one SKU, ten times more than there are units',
    full: { rate: 1_200, seconds: 30, skus: 1, units: 2_400 },
    short: { rate: 80, seconds: 6, skus: 1, units: 40 },
    sellsOut: true,
    steady: false,
  },
  steady: {
    shows: 'a constant stream over thousands of SKUs by Zipf, several lines, some pay',
    full: { rate: 250, seconds: 80, skus: 2_000, units: 1_000_000 },
    short: { rate: 60, seconds: 6, skus: 100, units: 1_000_000 },
    sellsOut: false,
    steady: true,
  },
  spike: {
    shows: 'ten times the usual stream for 30 s, then the usual one again',
    full: { rate: 700, seconds: 70, skus: 200, units: 1_000_000 },
    short: { rate: 150, seconds: 9, skus: 50, units: 1_000_000 },
    sellsOut: false,
    steady: false,
  },
  duplicates: {
    shows: 'each request one to five times, together and one after the other',
    full: { rate: 200, seconds: 30, skus: 3, units: 1_000 },
    short: { rate: 30, seconds: 6, skus: 3, units: 40 },
    sellsOut: true,
    steady: false,
  },
  'cancel-and-resell': {
    shows: 'winners give their unit back at once, and somebody else gets it',
    full: { rate: 300, seconds: 30, skus: 1, units: 300 },
    short: { rate: 50, seconds: 8, skus: 1, units: 20 },
    sellsOut: true,
    steady: false,
  },
  mixed: {
    shows: 'create, read, pay, ship and cancel side by side, restocked in the middle',
    full: { rate: 200, seconds: 80, skus: 500, units: 40 },
    short: { rate: 60, seconds: 6, skus: 50, units: 5 },
    sellsOut: false,
    steady: true,
  },
  soak: {
    shows: 'the mixed work for as long as --duration says (ten minutes)',
    full: { rate: 200, seconds: 600, skus: 500, units: 1_000 },
    short: { rate: 60, seconds: 10, skus: 50, units: 1_000 },
    sellsOut: false,
    steady: true,
  },
};

export function isScenarioName(text: string): text is ScenarioName {
  return (SCENARIO_NAMES as readonly string[]).includes(text);
}
