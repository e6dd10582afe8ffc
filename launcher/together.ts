// Starts several things at once; the first failure stops the waiting for the others. Returns or throws
// only after every one has ended: whoever cleans up next must not miss one that came late.

export async function together<T>(
  outer: AbortSignal | undefined,
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const inner = new AbortController();
  const signal = outer === undefined ? inner.signal : AbortSignal.any([outer, inner.signal]);
  let first: { error: unknown } | undefined;
  const ended = tasks.map(async (task) => {
    try {
      return await task(signal);
    } catch (error) {
      // The others now fail because of this one; theirs would hide the reason.
      first ??= { error };
      inner.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(ended);
  if (first !== undefined) throw first.error;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
