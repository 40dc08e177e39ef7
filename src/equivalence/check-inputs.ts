// Inputs for the equivalence check, described so that anyone can make them again from the certificate alone.
import { createHash } from "node:crypto";
import { allocateFloats } from "../tensor/allocate.ts";
import { type DType, isBig, isFloat } from "../tensor/dtype.ts";
import { allocating } from "../tensor/memory.ts";
import { Generator } from "../tensor/random.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";

/** How to make one input: normal numbers for floats; for the rest draws from what the example held. */
export interface InputRecipe {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly seed: number;
  readonly kind: "normal" | "integers" | "choice";
  /** `normal`: factor and summand of the numbers, 1 and 0 where left out. */
  readonly scale?: number;
  readonly shift?: number;
  /** `integers`: the smallest and the largest value, as decimal strings (64-bit values are exact). */
  readonly range?: readonly [string, string];
  /** `choice`: the strings to draw from. */
  readonly choices?: readonly string[];
}

const maxChoices = 256;

/** The recipe of an input that resembles `example`. */
export function recipeLike(name: string, example: Storage, shape: readonly number[], seed: number): InputRecipe {
  const base = { name, dtype: example.dtype, shape, seed };
  if (isFloat(example.dtype)) return { ...base, kind: "normal" };
  const dense = example.dense();
  if (example.dtype === "string") return { ...base, kind: "choice", choices: [...new Set(dense as string[])].slice(0, maxChoices) };
  if (example.dtype === "bool") return { ...base, kind: "integers", range: ["0", "1"] };
  let low = dense[0] as number | bigint | undefined;
  let high = low;
  for (const v of dense as Iterable<number | bigint>) {
    if (v < (low as number)) low = v;
    if (v > (high as number)) high = v;
  }
  return { ...base, kind: "integers", range: [String(low ?? 0), String(high ?? 0)] };
}

/** Makes the input: the same recipe gives the same elements on every machine. */
export function makeInput(recipe: InputRecipe): Storage {
  const { dtype, shape } = recipe;
  const g = new Generator(recipe.seed);
  const n = elementCount(shape);
  if (recipe.kind === "normal") {
    const { scale = 1, shift = 0 } = recipe;
    const values = g.fillNormal(allocateFloats(n));
    if (scale !== 1 || shift !== 0) for (let i = 0; i < n; i++) values[i] = (values[i] as number) * scale + shift;
    return Storage.from(dtype, values, shape);
  }
  if (recipe.kind === "choice") {
    const choices = recipe.choices ?? [];
    return Storage.from(
      dtype,
      listOf(dtype, n, () => choices[g.integer(0, Math.max(1, choices.length))] ?? ""),
      shape,
    );
  }
  const [low, high] = (recipe.range ?? ["0", "0"]).map(BigInt) as [bigint, bigint];
  const span = high - low + 1n;
  // A wider range than a generator draws from at once takes 64 bits; that some values are then a little likelier does not matter here.
  const draw = () => low + (span < 2n ** 53n ? BigInt(g.integer(0, Number(span))) : ((BigInt(g.bits()) << 32n) | BigInt(g.bits())) % span);
  return Storage.from(dtype, isBig(dtype) ? listOf(dtype, n, draw) : listOf(dtype, n, () => Number(draw())), shape);
}

/** `n` values, if there is room for them: a file may declare any size. Throws `TensorTooLarge`. */
function listOf<T>(dtype: DType, n: number, draw: () => T): T[] {
  const list = allocating(dtype, n, bytesPerEntry, () => new Array<T>(n));
  for (let i = 0; i < n; i++) list[i] = draw();
  return list;
}

/** Of a list in memory. */
const bytesPerEntry = 8;

/** SHA-256 of an input's elements in little-endian row-major order. */
export function hashStorage(storage: Storage): string {
  const hash = createHash("sha256");
  const dense = storage.dense();
  if (Array.isArray(dense)) hash.update(JSON.stringify(dense));
  else hash.update(new Uint8Array(dense.buffer, dense.byteOffset, dense.byteLength));
  return hash.digest("hex");
}
