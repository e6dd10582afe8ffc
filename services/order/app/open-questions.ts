// Requests that inventory was asked about and has not answered for certain: it may have granted them,
// or may do so at any moment, so nobody else can say that they are refused.

/** Of unanswered requests the newest are remembered: 1 MB. Retries come within seconds. */
const UNSURE_MAX = 10_000;

export class OpenQuestions {
  /** How many copies of a request are being asked about now. */
  readonly #asking = new Map<string, number>();
  readonly #unsure = new Set<string>();

  has(reservationId: string): boolean {
    return this.#asking.has(reservationId) || this.#unsure.has(reservationId);
  }

  begin(reservationId: string): void {
    this.#asking.set(reservationId, (this.#asking.get(reservationId) ?? 0) + 1);
  }

  /** Follows each `begin`. */
  end(reservationId: string, certain: boolean): void {
    const others = (this.#asking.get(reservationId) ?? 1) - 1;
    if (others === 0) this.#asking.delete(reservationId);
    else this.#asking.set(reservationId, others);
    if (certain) this.#unsure.delete(reservationId);
    else this.#remember(reservationId);
  }

  #remember(reservationId: string): void {
    this.#unsure.add(reservationId);
    const [oldest] = this.#unsure;
    if (this.#unsure.size > UNSURE_MAX && oldest !== undefined) this.#unsure.delete(oldest);
  }
}
