// The damaged files, one per number and seed: bench and test draw the same ones.
import { Draw } from "./draw.ts";
import { byteMutations, type Mutate } from "./mutate-bytes.ts";
import { mutateNpyHeader, mutateSafetensorsHeader } from "./mutate-header.ts";
import { mutatePickle } from "./mutate-pickle.ts";
import { mutateModel } from "./mutate-protobuf.ts";
import { mutateDirectory, mutateEntries } from "./mutate-zip.ts";
import { type Format, seedsOf } from "./seeds.ts";

export interface DamagedFile {
  readonly format: Format;
  readonly bytes: Uint8Array;
}

const anyBytes: Mutate = (bytes, draw, other) => draw.pick(byteMutations)(bytes, draw, other);

/** How a format is damaged: three of four files by these, the others without knowing the format. */
const structural: Readonly<Record<Format, readonly Mutate[]>> = {
  onnx: [mutateModel],
  safetensors: [mutateSafetensorsHeader],
  checkpoint: [
    mutateDirectory,
    mutateEntries(({ name, bytes }, draw) => (name.endsWith(".pkl") ? mutatePickle : anyBytes)(bytes, draw, bytes)),
  ],
  "legacy checkpoint": [mutatePickle],
  npz: [mutateDirectory, mutateEntries(({ bytes }, draw) => mutateNpyHeader(bytes, draw, bytes))],
  npy: [mutateNpyHeader],
};

/** Models have the most that can be wrong: half of all files. */
const turns: readonly Format[] = [
  "onnx",
  "onnx",
  "onnx",
  "onnx",
  "onnx",
  "safetensors",
  "checkpoint",
  "checkpoint",
  "legacy checkpoint",
  "npz",
  "npy",
];

export class Fuzzer {
  readonly #seed: number;
  readonly #seeds = new Map<Format, readonly Uint8Array[]>();
  readonly #testData: string | undefined;

  constructor(seed: number, testData: string | undefined) {
    this.#seed = seed;
    this.#testData = testData;
  }

  /** File number `n`, whichever were made before. */
  file(n: number): DamagedFile {
    const draw = new Draw(this.#seed * 2 ** 32 + n);
    const format = turns[n % turns.length] as Format;
    const seeds = this.#seedsOf(format);
    const other = draw.pick(seeds);
    let bytes = draw.pick(seeds);
    bytes = (draw.oneIn(4) ? anyBytes : draw.pick(structural[format]))(bytes, draw, other);
    // Some files have two kinds of damage.
    if (draw.oneIn(5) && bytes.length > 0) bytes = draw.pick([anyBytes, ...structural[format]])(bytes, draw, other);
    return { format, bytes };
  }

  #seedsOf(format: Format): readonly Uint8Array[] {
    const known = this.#seeds.get(format) ?? seedsOf(format, this.#testData);
    this.#seeds.set(format, known);
    return known;
  }
}
