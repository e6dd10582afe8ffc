// The promises of latency, each under the load that it is promised for: 1,000 calls a second,
// started by the clock. Reads and changes are of orders that were placed, and paid, just before.
import { withProgress } from '../../demo/progress.js';
import type { OpenFigures } from '../bench-result.js';
import { median, round } from '../figures.js';
import { type Load, type MeasureOptions, measure } from '../measure.js';
import { measureOpen, type OpenSample } from '../open-loop.js';
import type { Shop } from './shop.js';

const RATE_PER_SECOND = 1_000;

interface Promised {
  readonly operation: OpenFigures['operation'];
  readonly p99Ms: number;
  readonly load: (shop: Shop) => Load | Promise<Load>;
}

/** In the order of a round: the later ones use what the first has made. */
const PROMISES: readonly Promised[] = [
  { operation: 'create_order', p99Ms: 100, load: (shop) => shop.createOrder() },
  { operation: 'get_order', p99Ms: 20, load: (shop) => shop.getOrder() },
  { operation: 'ship_order', p99Ms: 50, load: (shop) => shop.shipOrder() },
];

export async function measurePromises(
  shop: Shop,
  quiet: () => Promise<void>,
  o: MeasureOptions & { rounds: number },
): Promise<OpenFigures[]> {
  const samples = new Map(PROMISES.map((promised) => [promised, [] as OpenSample[]]));
  let done = 0;
  const note = () => `at ${RATE_PER_SECOND} calls a second`;
  const total = o.rounds * PROMISES.length;
  await withProgress({ name: 'Promises', total, done: () => done, note }, async () => {
    for (let i = 0; i < o.rounds; i++) {
      for (const [promised, list] of samples) {
        if (promised.operation === 'ship_order') await placeEnough(shop, o);
        const load = await promised.load(shop);
        await quiet();
        list.push(await measureOpen(load, { ...o, ratePerSecond: RATE_PER_SECOND }));
        done++;
      }
    }
  });
  return PROMISES.map((promised) => figuresOf(promised, samples.get(promised) ?? []));
}

/** Half of what is placed here is paid and shipped, so it takes twice as many. */
async function placeEnough(shop: Shop, o: MeasureOptions): Promise<void> {
  const operationsMax = 2 * RATE_PER_SECOND * o.seconds;
  // At a tenth of the usual pace there would still be enough.
  const seconds = 10 * o.seconds;
  await measure(shop.createOrder(), { ...o, seconds, operationsMax });
}

function figuresOf({ operation, p99Ms }: Promised, samples: readonly OpenSample[]): OpenFigures {
  const of = (pick: (sample: OpenSample) => number, digits: number) =>
    round(median(samples.map(pick)), digits);
  return {
    operation,
    rate_per_second: RATE_PER_SECOND,
    per_second: of((sample) => sample.perSecond, 0),
    p50_ms: of((sample) => sample.p50Ms, 2),
    p99_ms: of((sample) => sample.p99Ms, 2),
    p99_ms_promised: p99Ms,
    dropped: samples.reduce((sum, sample) => sum + sample.dropped, 0),
  };
}
