// The yardstick: the processor time that a bare grpc-js server needs for one call that does
// nothing, with messages as long as ours, on this machine, in this run. Costs are given as
// multiples of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { ROOT } from '../paths.js';
import { cpuMicros } from './cpu.js';
import { crowd } from './crowd.js';

export const EMPTY_CALL_PATH = '/spillway.demo.Empty/Call';

/** Ticks of /proc are 10 ms, so 1.5 s of load are read to about 1 %. */
const MEASURE_MS = 1_500;
const WARM_UP_MS = 500;
const START_MS_MAX = 5_000;

interface EmptyCall {
  readonly cpuMicrosPerCall: number;
  readonly callsPerSecond: number;
}

export interface EmptyCallServer {
  readonly pid: number;
  readonly address: string;
  stop(): void;
}

/** A process of its own; `nodeArgs` are those of the processes that it is compared with. */
export async function startEmptyCallServer(o: {
  responseBytes: number;
  nodeArgs?: readonly string[];
  signal: AbortSignal;
}): Promise<EmptyCallServer> {
  const program = path.join(ROOT, 'dist', 'launcher', 'demo', 'empty-call-server.js');
  const args = [...(o.nodeArgs ?? []), program, String(o.responseBytes)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const stop = () => void child.kill();
  try {
    const signal = AbortSignal.any([o.signal, AbortSignal.timeout(START_MS_MAX)]);
    const [port] = await once(child.stdout, 'data', { signal });
    return { pid: child.pid ?? 0, address: `127.0.0.1:${Number(String(port))}`, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Undefined where processor times cannot be read. */
export async function measureEmptyCall(o: {
  requestBytes: number;
  responseBytes: number;
  concurrency: number;
  signal: AbortSignal;
}): Promise<EmptyCall | undefined> {
  const server = await startEmptyCallServer(o);
  const client = new Client(server.address, credentials.createInsecure());
  try {
    const request = Buffer.alloc(o.requestBytes, 1);
    await callFor(client, request, WARM_UP_MS, o);
    const before = cpuMicros(server.pid);
    const startMs = performance.now();
    const calls = await callFor(client, request, MEASURE_MS, o);
    const after = cpuMicros(server.pid);
    if (before === undefined || after === undefined || calls === 0) return undefined;
    const seconds = (performance.now() - startMs) / 1000;
    return { cpuMicrosPerCall: (after - before) / calls, callsPerSecond: calls / seconds };
  } finally {
    client.close();
    server.stop();
  }
}

async function callFor(
  client: Client,
  request: Buffer,
  ms: number,
  o: { concurrency: number; signal: AbortSignal },
): Promise<number> {
  let calls = 0;
  const endMs = performance.now() + ms;
  const callers = Array.from({ length: o.concurrency }, (_, i) => i);
  await crowd(callers, o, async () => {
    while (performance.now() < endMs && !o.signal.aborted) {
      await callOnce(client, request);
      calls++;
    }
  });
  return calls;
}

function callOnce(client: Client, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + START_MS_MAX;
    const same = (bytes: Buffer) => bytes;
    client.makeUnaryRequest(EMPTY_CALL_PATH, same, same, request, { deadline }, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
