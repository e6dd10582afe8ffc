// Every method of the mesh is either on the list below or refused at the edge. A new RPC that nobody
// thought about is refused, and this test fails until somebody has.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  MESH_SERVICES,
  type ScriptedMesh,
  startScriptedMesh,
} from '../../../test/harness/scripted-mesh.js';
import { postJson, type RunningGateway, reasonOf, startSmallGateway } from './gateway-fixture.js';
import { publicMethodPaths } from './public-methods.js';

const INTERNAL = new Set([
  'spillway.order.v1.OrderService/ResolveOrders',
  'spillway.order.v1.OrderService/RecordPayment',
  'spillway.inventory.v1.InventoryService/Reserve',
  'spillway.inventory.v1.InventoryService/BatchReserve',
  'spillway.inventory.v1.InventoryService/Confirm',
  'spillway.inventory.v1.InventoryService/BatchConfirm',
  'spillway.inventory.v1.InventoryService/Release',
  'spillway.inventory.v1.InventoryService/BatchRelease',
  'spillway.inventory.v1.InventoryService/BatchReturn',
  'spillway.inventory.v1.InventoryService/BatchReturnLines',
  'spillway.inventory.v1.InventoryService/GetReservation',
  'spillway.payment.v1.PaymentService/CreatePayment',
  'spillway.payment.v1.PaymentService/BatchCreatePayment',
  'spillway.payment.v1.PaymentService/BatchCancelPayment',
  'spillway.payment.v1.PaymentService/RefundUpTo',
  'spillway.payment.v1.PaymentService/HandleProviderEvent',
  'spillway.payment.v1.PaymentService/LookAgain',
]);

const methods = MESH_SERVICES.flatMap((service) =>
  service.methods.map((method) => ({
    path: `${service.typeName}/${method.name}`,
    name: method.name,
    streams: method.methodKind !== 'unary',
  })),
);

let mesh: ScriptedMesh;
let edge: RunningGateway;
beforeAll(async () => {
  mesh = await startScriptedMesh();
  edge = await startSmallGateway(mesh.addresses);
});
afterAll(async () => {
  await edge.stop();
  await mesh.stop();
});

test('the two lists cover every method once', () => {
  expect([...publicMethodPaths(), ...INTERNAL].sort()).toEqual(methods.map((m) => m.path).sort());
});

test.each(methods.filter((m) => INTERNAL.has(m.path)))('$path is refused', async ({ path }) => {
  const before = mesh.calls.length;
  const answer = await postJson(edge.origin, path, {});
  expect({ status: answer.status, code: answer.body.code, reason: reasonOf(answer.body) }).toEqual({
    status: 403,
    code: 'permission_denied',
    reason: 'METHOD_NOT_PUBLIC',
  });
  expect(mesh.calls.length).toBe(before);
});

test.each(methods.filter((m) => !INTERNAL.has(m.path) && !m.streams))(
  '$path reaches the mesh',
  async ({ path }) => {
    // Such a message breaks a rule of every public method, and only the mesh knows the rules.
    const message = path.endsWith('/ListOrders') ? { pageSize: -1 } : {};
    const answer = await postJson(edge.origin, path, message);
    expect({ status: answer.status, reason: reasonOf(answer.body) }).toEqual({
      status: 400,
      reason: 'FIELD_INVALID',
    });
  },
);
