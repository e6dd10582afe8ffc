// What to type next, with the addresses of this very mesh filled in.
import type { MeshStatus } from './mesh-status.js';

export function howToCall(mesh: MeshStatus): string {
  const [gateway] = mesh.services.gateway;
  const [order] = mesh.services.order;
  if (gateway === undefined || order === undefined) {
    return `  Redis  ${mesh.redis.join(', ')}\n  MySQL  ${mesh.mysql.join(', ')}`;
  }
  const put =
    '{"offer":{"skuId":"tea","title":"Tea","unitPrice":{"currency":"EUR","amountMinor":"990"}}}';
  const restock = '{"requestId":"restock-1","skuId":"tea","delta":"100","reason":"first delivery"}';
  const create = '{"requestId":"req-1","userId":"u1","lines":[{"skuId":"tea","quantity":1}]}';
  return `
  Gateway  ${gateway}   (JSON over HTTP, Connect, gRPC-Web)
  gRPC     ${order}   (order; addresses of all: ./spillway status)

Sell something:
  ${curl(gateway, 'order.v1.OrderService/PutOffer', put)}
  ${curl(gateway, 'inventory.v1.InventoryService/Restock', restock)}
  ${curl(gateway, 'order.v1.OrderService/CreateOrder', create)}

Or over gRPC, with any client; the services answer reflection:
  npx buf curl --protocol grpc --http2-prior-knowledge -d '${create}' \\
    http://${order}/spillway.order.v1.OrderService/CreateOrder`;
}

function curl(gateway: string, method: string, body: string): string {
  return `curl -H 'content-type: application/json' ${gateway}/spillway.${method} \\\n    -d '${body}'`;
}
