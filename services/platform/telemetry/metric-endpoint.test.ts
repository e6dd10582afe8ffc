import { afterEach, expect, test } from '@jest/globals';
import { type MetricEndpoint, serveMetrics } from './metric-endpoint.js';
import { counters, gauges, histograms } from './metrics.js';

let endpoint: MetricEndpoint | undefined;

afterEach(async () => {
  await endpoint?.stop();
  endpoint = undefined;
});

async function ask(path: string, method = 'GET'): Promise<{ status: number; text: string }> {
  endpoint = await serveMetrics({ service: 'order', address: '127.0.0.1:0' });
  const answer = await fetch(`http://127.0.0.1:${endpoint?.port}${path}`, { method });
  return { status: answer.status, text: await answer.text() };
}

test('counters, gauges and histograms are told as Prometheus reads them', async () => {
  counters('spillway.order.creates').of('SOLD_OUT').add(7);
  gauges('spillway.outbox.lag').of().set(1.5);
  const size = histograms('spillway.batch.size').of('order.commit');
  for (const items of [1, 3, 2_000]) size.record(items);
  const { status, text } = await ask('/metrics');
  expect(status).toBe(200);
  const lines = text.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      '# TYPE spillway_order_creates_total counter',
      '# HELP spillway_order_creates_total CreateOrder by outcome',
      'spillway_order_creates_total{outcome="SOLD_OUT"} 7',
      '# TYPE spillway_outbox_lag_seconds gauge',
      'spillway_outbox_lag_seconds 1.5',
      '# TYPE spillway_batch_size histogram',
      'spillway_batch_size_bucket{batcher="order.commit",le="1"} 1',
      'spillway_batch_size_bucket{batcher="order.commit",le="4"} 2',
      'spillway_batch_size_bucket{batcher="order.commit",le="1024"} 2',
      'spillway_batch_size_bucket{batcher="order.commit",le="+Inf"} 3',
      'spillway_batch_size_sum{batcher="order.commit"} 2004',
      'spillway_batch_size_count{batcher="order.commit"} 3',
      'target_info{service_name="order"} 1',
    ]),
  );
});

test('Node tells of itself', async () => {
  const { text } = await ask('/metrics');
  for (const name of [
    'nodejs_eventloop_delay_p99_seconds',
    'nodejs_eventloop_utilization',
    'v8js_gc_duration_seconds_count',
    'process_cpu_time_seconds_total',
    'process_memory_usage_bytes',
  ]) {
    expect(text).toContain(`\n${name}`);
  }
});

test.each([
  ['/metrics', 'POST', 405],
  ['/', 'GET', 404],
  ['/metrics/x', 'GET', 404],
])('%s by %s is answered %d', async (path, method, expected) => {
  expect((await ask(path, method)).status).toBe(expected);
});

test('without an address nothing is served', async () => {
  expect(await serveMetrics({ service: 'order', address: undefined })).toBeUndefined();
});
