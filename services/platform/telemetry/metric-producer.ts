// Tells what this process has counted in OpenTelemetry's data model, so that any of its exporters can
// carry it: the Prometheus endpoint does.

import { type HrTime, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { METRICS, type MetricDefinition } from './metric-catalogue.js';
import { prometheusName } from './metric-names.js';
import { type AnyFamily, Counter, everyFamily, Gauge, Histogram, type Series } from './metrics.js';

const SCOPE = { name: 'spillway' };

export class ProcessMetrics implements MetricProducer {
  readonly #startTime: HrTime = hrTime(performance.timeOrigin);

  collect(): Promise<CollectionResult> {
    const endTime = hrTime(Date.now());
    const times = { startTime: this.#startTime, endTime };
    const metrics = [...everyFamily()].flatMap((family) => metricOf(family, times) ?? []);
    const scopeMetrics = [{ scope: SCOPE, metrics }];
    // The resource is the reader's own; what a producer says here is not used.
    const resourceMetrics = { resource: resourceFromAttributes({}), scopeMetrics };
    return Promise.resolve({ resourceMetrics, errors: [] });
  }
}

type Times = Pick<DataPoint<number>, 'startTime' | 'endTime'>;

function metricOf(family: AnyFamily, times: Times): MetricData | undefined {
  const definition: MetricDefinition = METRICS[family.name];
  const base = {
    descriptor: {
      name: prometheusName(family.name, definition),
      description: definition.help,
      unit: '',
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const series: readonly Series[] = family.series;
  const points = series.flatMap((one) => numberOf(one, times));
  const shapes = series.flatMap((one) => shapeOf(one, times));
  if (points.length === 0 && shapes.length === 0) return undefined;
  switch (definition.kind) {
    case 'counter':
      return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points };
    case 'gauge':
      return { ...base, dataPointType: DataPointType.GAUGE, dataPoints: points };
    case 'histogram':
      return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: shapes };
  }
}

function numberOf(series: Series, times: Times): DataPoint<number>[] {
  if (!(series instanceof Counter || series instanceof Gauge)) return [];
  const value = series.read();
  return value === undefined ? [] : [{ ...times, attributes: attributesOf(series), value }];
}

function shapeOf(series: Series, times: Times) {
  if (!(series instanceof Histogram)) return [];
  const { bounds, counts, sum, count } = series;
  const buckets = { boundaries: [...bounds], counts: [...counts] };
  return [{ ...times, attributes: attributesOf(series), value: { buckets, sum, count } }];
}

/** A label without a value is left out, as Prometheus would read it anyway. */
function attributesOf({ labels }: Series): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

function hrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.round((epochMs - seconds * 1_000) * 1e6)];
}
