// How the batches of one MySQL server show in a trace.

import {
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  DB_SYSTEM_NAME_VALUE_MYSQL,
} from '@opentelemetry/semantic-conventions';
import { spanOf } from '../telemetry/trace-batch.js';
import type { MysqlServer } from './connect.js';

/** For the options of a batcher whose items carry their spans. `name` must not name the server. */
export function serverSpan(server: MysqlServer, name: string) {
  return { spansOf: spanOf, spanName: name, spanAttributes: serverAttributes(server, name) };
}

export function serverAttributes(server: MysqlServer, operation: string) {
  const colon = server.name.lastIndexOf(':');
  return {
    [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_MYSQL,
    [ATTR_DB_OPERATION_NAME]: operation,
    [ATTR_SERVER_ADDRESS]: server.name.slice(0, colon),
    [ATTR_SERVER_PORT]: Number(server.name.slice(colon + 1)),
  };
}
