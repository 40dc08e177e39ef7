// `--input` of the commands that run a model file: `name=source`, where the source is a picture, an array (.npy, .json), or `random`.
import { readFile } from "node:fs/promises";
import { declaredRecipes } from "../compile/load.ts";
import { tensor } from "../eager/create.ts";
import { type NestedArray, Tensor } from "../eager/tensor.ts";
import { makeValue, type ValueRecipe } from "../equivalence/recipes.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { didYouMean } from "../errors/nearest.ts";
import { preprocess } from "../image/index.ts";
import type { Graph } from "../ir/graph.ts";
import { formatType } from "../ir/type.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { readNpy } from "../weights/npy.ts";

/** `x=cat.jpg` */
export interface SourceOption {
  readonly option: string;
  readonly name: string;
  readonly source: string;
}

/** Splits `name=source`; of the known names one may be left out where there is only one. Throws `InputOption`. */
export function parseSource(option: string, flag: string, known: readonly string[]): SourceOption {
  const match = /^([^=:[\]]+)=(.+)$/s.exec(option);
  const only = known.length === 1 ? known[0] : undefined;
  if (!match && only !== undefined) return { option: `${flag} ${option}`, name: only, source: option };
  const [, name = "", source = ""] = match ?? [];
  if (!known.includes(name))
    throw ingotError("InputOption", {
      option: `${flag} ${option}`,
      problem: match
        ? `no input is called ${name}; the model's inputs are ${known.join(", ")}${didYouMean(name, known)}`
        : `expected name=source; the model's inputs are ${known.join(", ")}`,
    });
  return { option: `${flag} ${option}`, name, source };
}

/** The inputs of a graph: those given as `name=source`, seeded random ones for the others. */
export async function readInputs(
  graph: Graph,
  values: readonly string[],
  seed: number,
): Promise<{ inputs: RuntimeValue[]; sources: string[] }> {
  const names = graph.inputs.map((v) => v.name as string);
  const given = new Map<string, SourceOption>();
  for (const value of values) {
    const parsed = parseSource(value, "--input", names);
    if (given.has(parsed.name)) throw ingotError("InputOption", { option: parsed.option, problem: `${parsed.name} is given twice` });
    given.set(parsed.name, parsed);
  }
  const recipes = declaredRecipes(graph, seed);
  const sources = names.map((name) => given.get(name)?.source ?? "random");
  const inputs = await Promise.all(
    graph.inputs.map(async (v, i) => {
      const parsed = given.get(names[i] as string);
      if (!parsed || parsed.source === "random") return makeValue(recipes[i] as ValueRecipe, v.type);
      if (v.type.kind !== "tensor") {
        const problem = `${parsed.name} is ${formatType(v.type)}, which no file holds: it can only be random`;
        throw ingotError("InputOption", { option: parsed.option, problem });
      }
      const { dtype, shape } = v.type;
      const read = await readSource(parsed, dtype);
      const fits = !shape || (shape.length === read.rank && shape.every((d, axis) => typeof d !== "number" || d === read.shape[axis]));
      if (fits) return read.storage;
      throw ingotError("InputOption", {
        option: parsed.option,
        problem: `it is ${dtype}[${read.shape.join(", ")}], but ${parsed.name} is ${formatType(v.type)}`,
      });
    }),
  );
  return { inputs, sources };
}

/** The tensor in a file. Throws `InputOption`, `FileNotFound`, `NpyFormat`, and what `preprocess` throws for pictures. */
export async function readSource({ option, source }: Omit<SourceOption, "name">, dtype: Tensor["dtype"]): Promise<Tensor> {
  if (source.endsWith(".npy")) return Tensor.fromStorage(await readNpy(source)).to(dtype);
  if (!source.endsWith(".json")) return (await preprocess(source)).to(dtype);
  let text: string;
  try {
    text = await readFile(source, "utf8");
  } catch (cause) {
    throw fileError("read", source, cause);
  }
  try {
    return tensor(JSON.parse(text) as NestedArray, { dtype });
  } catch (cause) {
    const why = cause instanceof IngotError ? cause.summary : cause instanceof Error ? cause.message : String(cause);
    throw ingotError("InputOption", { option, problem: `${source} does not hold nested arrays of ${dtype} (${why})` }, { cause });
  }
}

/**
 * `--check-input` options as lists of arguments: with several inputs, the first of each make the first list, the second of each the next.
 * Throws as `readSource`, and `InputOption` when one is missing.
 */
export async function readCheckInputs(
  values: readonly string[],
  inputs: readonly { readonly name: string; readonly dtype: Tensor["dtype"] }[],
): Promise<{ readonly args: readonly Tensor[] }[]> {
  const names = inputs.map((i) => i.name);
  const parsed = values.map((value) => parseSource(value, "--check-input", names));
  const columns = inputs.map(({ name }) => parsed.filter((p) => p.name === name));
  const count = Math.max(0, ...columns.map((c) => c.length));
  const short = columns.findIndex((c) => c.length < count);
  if (short >= 0)
    throw ingotError("InputOption", {
      option: "--check-input",
      problem: `${names[short]} is given ${columns[short]?.length} times, but another input ${count} times`,
    });
  return Promise.all(
    Array.from({ length: count }, async (_, k) => ({
      args: await Promise.all(inputs.map(({ dtype }, i) => readSource(columns[i]?.[k] as SourceOption, dtype))),
    })),
  );
}
