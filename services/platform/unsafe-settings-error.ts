// A store answered, and its settings may lose or drop what it has acknowledged. The message names the
// server and the remedy. Anything else that a check throws only means that nobody answered.

export class UnsafeSettingsError extends Error {
  override readonly name = 'UnsafeSettingsError';
}
