// Stops a bug where it happens. For programmer errors only: bad input from outside and broken
// dependencies are ordinary outcomes and never reach an assertion.

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Ends a switch over a union: a new member of the union then fails to compile. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${String(value)}`);
}
