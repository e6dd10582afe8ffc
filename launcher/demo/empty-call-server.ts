// A bare grpc-js server that answers every call with the same bytes: what a call costs before
// anybody does anything. Run as a process of its own; prints its port, ends with its parent.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { EMPTY_CALL_PATH } from './empty-call.js';

const responseBytes = Number(process.argv[2] ?? 0);
const response = Buffer.alloc(responseBytes, 1);
const identity = (bytes: Buffer) => bytes;

const server = new Server();
server.addService(
  {
    call: {
      path: EMPTY_CALL_PATH,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { call: (_call: unknown, answer: (e: null, r: Buffer) => void) => answer(null, response) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
// The pipe closes when the parent ends, however it ends.
process.stdin.on('end', () => process.exit()).resume();
