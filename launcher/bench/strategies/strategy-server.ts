// The textbook strategies as a process: a bare grpc-js server with one method each. It is told
// where MySQL and Redis are by its environment, because URLs hold passwords. Ends when it is told
// to.
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { databaseStrategies } from './database-strategies.js';
import { redisGateAsync, redisLock, startWriters } from './redis-strategies.js';
import {
  DATABASE,
  decodeBuy,
  encodeOutcome,
  pathOf,
  REDIS_DATABASE,
  type Strategy,
  type TextbookName,
} from './strategy.js';

/** As many as help on a few cores; buyers beyond them wait for one. */
const POOL_SIZE = 32;

const uri = process.env['BENCH_MYSQL_URL'] ?? '';
const pool = mysql.createPool({ uri, database: DATABASE, connectionLimit: POOL_SIZE });
const redis = new Redis(process.env['BENCH_REDIS_URL'] ?? '', { db: REDIS_DATABASE });
const strategies: Record<TextbookName, Strategy> = {
  ...databaseStrategies(pool),
  redis_lock: redisLock(redis, pool),
  redis_gate_async: redisGateAsync(redis),
};
startWriters(redis, pool, (error) => {
  process.stderr.write(`a writer has died: ${String(error)}\n`);
  process.exit(1);
});

const same = (bytes: Buffer) => bytes;
const server = new Server();
for (const [name, strategy] of Object.entries(strategies)) {
  const definition = {
    path: pathOf(name as TextbookName),
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService({ buy: definition }, { buy: handler(strategy) });
}
server.bindAsync(process.env['LISTEN'] ?? '', ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
process.on('SIGTERM', () => process.exit());

function handler(strategy: Strategy): handleUnaryCall<Buffer, Buffer> {
  return (call, answer) => {
    const { skuId, buyerId } = decodeBuy(call.request);
    strategy.buy(skuId, buyerId).then(
      (outcome) => answer(null, encodeOutcome(outcome)),
      (error: unknown) => answer({ code: status.INTERNAL, details: String(error) }),
    );
  };
}
