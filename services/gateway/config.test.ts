// The gateway's configuration: what it needs, what it assumes, and that all problems come at once.
import { expect, test } from '@jest/globals';
import { readGatewayConfig } from './config.js';

const ADDRESSES = {
  ORDER_ADDRESSES: '127.0.0.1:1,127.0.0.1:2',
  INVENTORY_ADDRESSES: '127.0.0.1:3',
  PAYMENT_ADDRESSES: '127.0.0.1:4',
};

test('it listens on loopback, and not for gRPC, unless it is told to', () => {
  expect(readGatewayConfig(ADDRESSES)).toEqual({
    LISTEN: '127.0.0.1:8080',
    ORDER_ADDRESSES: ['127.0.0.1:1', '127.0.0.1:2'],
    INVENTORY_ADDRESSES: ['127.0.0.1:3'],
    PAYMENT_ADDRESSES: ['127.0.0.1:4'],
    LOG_LEVEL: 'info',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: 0.01,
    TRACE_FIRST_PER_SECOND: false,
    TRACE_SLOW_MS: 500,
  });
  expect(readGatewayConfig({ ...ADDRESSES, GRPC_LISTEN: '[::1]:9' }).GRPC_LISTEN).toBe('[::1]:9');
});

test('everything that is wrong is told at once', () => {
  const read = () => readGatewayConfig({ LISTEN: 'everywhere', PAYMENT_ADDRESSES: 'nowhere' });
  expect(read).toThrow(/LISTEN.*ORDER_ADDRESSES.*INVENTORY_ADDRESSES.*PAYMENT_ADDRESSES/s);
});
