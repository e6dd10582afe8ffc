// Runs work without stack traces. grpc-js takes one for every call and one more for every refusal,
// a fifth of a buyer's processor time, and a demo that is short of processors has better uses for
// it.

export async function withoutStacks<T>(work: () => Promise<T>): Promise<T> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
