// Connects connect-node's router to a Node server. The library's own adapter does the same, but
// throws at its server on a Host header that makes no URL, and prints to the console, as an error,
// that somebody stopped watching.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
} from '@connectrpc/connect';
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { Log } from '../../platform/log.js';
import { notFound, send } from './reply.js';

export type RpcListener = (
  req: IncomingMessage | Http2ServerRequest,
  res: ServerResponse | Http2ServerResponse,
) => void;

export function rpcListener(o: {
  routes: (router: ConnectRouter) => void;
  options: ConnectRouterOptions;
  log: Log;
}): RpcListener {
  const router = createConnectRouter(o.options);
  o.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (req, res) => {
    const handler = handlers.get((req.url ?? '').split('?', 1)[0] ?? '');
    if (!handler) return send(res, notFound());
    answer(handler, req, res).catch((error: unknown) => {
      // Every failure of a call is an answer, so what arrives here is a connection that broke.
      o.log.debug({ err: error, path: req.url }, 'call not answered');
      res.destroy();
    });
  };
}

async function answer(
  handler: ConnectRouter['handlers'][number],
  req: IncomingMessage | Http2ServerRequest,
  res: ServerResponse | Http2ServerResponse,
): Promise<void> {
  const request = requestOf(req, res);
  if (!request) return send(res, { status: 400, body: { error: 'bad_request' } });
  await universalResponseToNodeResponse(await handler(request), res);
}

type UniversalRequest = ReturnType<typeof universalRequestFromNodeRequest>;

function requestOf(
  req: IncomingMessage | Http2ServerRequest,
  res: ServerResponse | Http2ServerResponse,
): UniversalRequest | undefined {
  try {
    return universalRequestFromNodeRequest(req, res, undefined, undefined);
  } catch {
    // No Host header, or one that makes no URL.
    return undefined;
  }
}
