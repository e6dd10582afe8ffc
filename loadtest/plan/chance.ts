// Chance that can be repeated: what arrival number n does is a function of the seed and n alone,
// whichever virtual user it falls to and in whatever order. Imports nothing: it runs in k6 and in
// Node.

/** Numbers in [0, 1): mulberry32, started from a mix of both. */
export class Chance {
  private state: number;

  constructor(seed: number, arrival: number) {
    this.state = mix(Math.imul(seed, 0x9e3779b1) ^ mix(arrival + 1));
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    return (mix(this.state) >>> 0) / 2 ** 32;
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** 0 to count - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }
}

/** Zipf's law with exponent 1: the k-th of `count` is wanted 1/k as often as the first. */
export function zipf(count: number): (u: number) => number {
  const sums: number[] = [];
  let sum = 0;
  for (let k = 1; k <= count; k++) {
    sum += 1 / k;
    sums.push(sum);
  }
  return (u) => {
    const wanted = u * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Spreads neighbouring numbers over all 32 bits. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 15), x | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return x ^ (x >>> 14);
}
