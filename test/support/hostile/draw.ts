// Choices of a fuzzer, from a seed: the same seed makes the same files.
import { Generator } from "../../../src/tensor/random.ts";

/** Numbers at which readers go wrong: around zero, around powers of two, signs, sizes that no memory has. */
const interesting = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  16n,
  100n,
  127n,
  128n,
  255n,
  256n,
  1000n,
  65535n,
  65536n,
  10n ** 6n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
] as const;

export class Draw {
  readonly #generator: Generator;

  constructor(seed: number) {
    this.#generator = new Generator(seed);
  }

  /** An integer from 0 to `end - 1`; 0 where there is none. */
  below(end: number): number {
    return end <= 1 ? 0 : this.#generator.integer(0, end);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  byte(): number {
    return this.below(256);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.byte());
  }

  /** One of the interesting numbers, its negative, or a small change of what was there. */
  integer(before = 0n): bigint {
    switch (this.below(4)) {
      case 0:
        return before + BigInt(this.below(9) - 4);
      case 1:
        return -this.pick(interesting);
      default:
        return this.pick(interesting);
    }
  }
}
