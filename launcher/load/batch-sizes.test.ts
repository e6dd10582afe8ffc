import { expect, test } from '@jest/globals';
import { readBatches } from './batch-sizes.js';

const page = (name: string, items: number, batches: number) => `# TYPE spillway_batch_size histogram
spillway_batch_size_bucket{batcher="${name}",le="1"} 1
spillway_batch_size_sum{batcher="${name}"} ${items}
spillway_batch_size_count{batcher="${name}"} ${batches}
`;

test('processes and servers add up', () => {
  const pages = [
    page('order.commit.127.0.0.1:21004', 10, 2) + page('order.commit.127.0.0.1:21005', 1, 1),
    page('settle 127.0.0.1:21004', 7, 2),
    page('settle 127.0.0.1:21005', 3, 1),
    page('order.reserve', 5, 5),
    'spillway_other{batcher="x"} 1\n',
  ];
  expect(Object.fromEntries(readBatches(pages))).toEqual({
    'order.commit': { items: 11, batches: 3 },
    settle: { items: 10, batches: 3 },
    'order.reserve': { items: 5, batches: 5 },
  });
});
