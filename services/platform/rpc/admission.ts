// Counts the calls that handlers are busy with and refuses more than a fixed number, so that an
// overload is told to callers at once instead of growing a queue that nobody sees.
export class Admission {
  readonly #max: number;
  #busy = 0;

  constructor(max: number) {
    this.#max = max;
  }

  enter(): boolean {
    if (this.#busy >= this.#max) return false;
    this.#busy += 1;
    return true;
  }

  leave(): void {
    this.#busy -= 1;
  }
}
