// "Ready" as the process itself says it: grpc.health.v1 for the services, GET /healthz for HTTP.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import {
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from '../gen/grpc/health/v1/health_pb.js';

const PROBE_MS_MAX = 1_000;

/** Throws unless the server at `address` answers SERVING. */
export async function askHealth(address: string): Promise<void> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    // One try per probe; the caller is the one who retries.
    'grpc.enable_retries': 0,
  });
  try {
    const { status } = await check(client);
    if (status !== HealthCheckResponse_ServingStatus.SERVING) {
      throw new Error(`health says ${HealthCheckResponse_ServingStatus[status]}`);
    }
  } finally {
    client.close();
  }
}

/** Throws unless `GET url` answers 200. */
export async function askHttp(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS_MAX) });
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
}

function check(client: grpc.Client): Promise<HealthCheckResponse> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      () => Buffer.from(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema))),
      (bytes: Buffer) => fromBinary(HealthCheckResponseSchema, bytes),
      {},
      new grpc.Metadata(),
      { deadline: Date.now() + PROBE_MS_MAX },
      (e, response) => {
        if (response !== undefined) resolve(response);
        else reject(e ?? new Error('no answer'));
      },
    );
  });
}
