// The calls that have no end of their own: watchers of stock, of health, of reflection. A stopping
// server ends them all, and those that still come in at once, or it would never be drained.

/** Ends one such call from outside. */
export type EndStream = () => void;

export class OpenStreams {
  readonly #ends = new Set<EndStream>();
  #stopping = false;

  add(end: EndStream): void {
    if (this.#stopping) end();
    else this.#ends.add(end);
  }

  delete(end: EndStream): void {
    this.#ends.delete(end);
  }

  endAll(): void {
    this.#stopping = true;
    for (const end of this.#ends) end();
  }
}
