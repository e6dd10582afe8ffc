// Sends many commands at once and answers each by itself. On one server they go out in one write. In a
// cluster a driver's pipeline must stay on one node and is repeated as a whole when all of it failed
// alike, so there each command is its own: it is redirected by itself, and never repeated.

import { Cluster } from 'ioredis';
import { isReady, type RedisLink } from './connect.js';

/** A command's name and its arguments. */
export type RedisCommand = readonly [string, ...(string | number)[]];

/** As the server answered, or the error with which the command failed. */
export type RedisAnswer = { value: unknown } | { error: Error };

/** What a link that is not connected says: nothing has been sent. */
export const NOT_CONNECTED = 'NOT_CONNECTED';

/** One answer per command, in the same order. Never throws. */
export async function sendAll(
  link: RedisLink,
  commands: readonly RedisCommand[],
): Promise<RedisAnswer[]> {
  if (!isReady(link)) return commands.map(() => ({ error: new Error(NOT_CONNECTED) }));
  if (link instanceof Cluster) {
    return Promise.all(commands.map((command) => settle(link.call(...command))));
  }
  const pipeline = link.pipeline();
  for (const command of commands) pipeline.call(...command);
  const answers = await settle(pipeline.exec());
  if ('error' in answers) return commands.map(() => answers);
  const rows = answers.value as [Error | null, unknown][] | null;
  return commands.map((_, index) => {
    const [error, value] = rows?.[index] ?? [new Error('no answer'), undefined];
    return error === null ? { value } : { error };
  });
}

async function settle(promise: Promise<unknown>): Promise<RedisAnswer> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: error as Error };
  }
}
