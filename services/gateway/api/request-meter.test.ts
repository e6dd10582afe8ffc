import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { histograms } from '../../platform/telemetry/metrics.js';
import { meterRequest } from './request-meter.js';

const ORDERS = '/spillway.order.v1.OrderService';

test.each([
  ['POST', `${ORDERS}/CreateOrder`, 200, 'POST', `${ORDERS}/CreateOrder`],
  ['POST', `${ORDERS}/CreateOrder?x=1`, 429, 'POST', `${ORDERS}/CreateOrder`],
  ['GET', '/healthz', 200, 'GET', '/healthz'],
  ['POST', '/callbacks/sandbox', 200, 'POST', '/callbacks/{provider}'],
  ['POST', '/callbacks/made-up', 404, 'POST', 'other'],
  ['POST', `${ORDERS}/RecordPayment`, 403, 'POST', 'other'],
  ['GET', '/4111111111111111', 404, 'GET', 'other'],
  ['BREW', '/', 405, 'other', '/'],
])('%s %s with %d', (method, url, statusCode, toldMethod, route) => {
  const response = Object.assign(new EventEmitter(), { statusCode });
  const request = { method, url } as IncomingMessage;
  const series = histograms('http.server.request.duration').of(
    toldMethod,
    route,
    String(statusCode),
  );
  const before = series.count;
  meterRequest(request, response as unknown as ServerResponse);
  response.emit('close');
  expect(series.count).toBe(before + 1);
});
