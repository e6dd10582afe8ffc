// Lets many act at once, a bounded number at a time, in the order in which they came.

export async function crowd<T>(
  people: readonly T[],
  o: { concurrency: number; signal: AbortSignal },
  act: (person: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < people.length && !o.signal.aborted) {
      const person = people[next++] as T;
      await act(person);
    }
  };
  await Promise.all(Array.from({ length: Math.min(o.concurrency, people.length) }, one));
  o.signal.throwIfAborted();
}
