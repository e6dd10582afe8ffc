// What became of a call to a process that may die of it.
import { isUnanswered } from './crash-stage.js';

export async function answered<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}
