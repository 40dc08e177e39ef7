// `--input` on the command line: specifications for trace, files or random tensors for the commands that run a model.
import { readFile } from "node:fs/promises";
import { declaredRecipes } from "../compile/load.ts";
import { tensor } from "../eager/create.ts";
import { type NestedArray, Tensor } from "../eager/tensor.ts";
import { makeInput } from "../equivalence/check-inputs.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { preprocess } from "../image/index.ts";
import type { Graph } from "../ir/graph.ts";

/** `x:float32[1,3,224,224]` → name and specification. */
export function parseSpecOption(value: string): { readonly name: string; readonly spec: string } {
  const match = /^([A-Za-z_][\w.]*):(.+)$/.exec(value);
  if (!match) throw ingotError("InputOption", { value, problem: "expected name:specification" });
  return { name: match[1] as string, spec: match[2] as string };
}

/** The inputs of a graph: those given as `name=source`, seeded random ones for the others. */
export async function readInputs(graph: Graph, values: readonly string[], seed: number): Promise<{ tensors: Tensor[]; sources: string[] }> {
  const given = new Map<string, string>();
  for (const value of values) {
    const at = value.indexOf("=");
    const name = at < 0 ? "" : value.slice(0, at);
    if (!graph.inputs.some((v) => v.name === name))
      throw ingotError("InputOption", { value, problem: `the model's inputs are ${graph.inputs.map((v) => v.name).join(", ")}` });
    given.set(name, value.slice(at + 1));
  }
  const recipes = declaredRecipes(graph, seed);
  const sources = graph.inputs.map((v) => given.get(v.name as string) ?? "random");
  const tensors = await Promise.all(
    graph.inputs.map((v, i) =>
      readOne(`${v.name}=${sources[i]}`, sources[i] as string, v.tensorType.dtype, () =>
        Tensor.fromStorage(makeInput(recipes[i] as (typeof recipes)[number])),
      ),
    ),
  );
  return { tensors, sources };
}

async function readOne(option: string, source: string, dtype: Tensor["dtype"], random: () => Tensor): Promise<Tensor> {
  if (source === "random") return random();
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
    throw ingotError(
      "InputOption",
      {
        value: option,
        problem: `the file does not hold nested arrays of ${dtype} (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)})`,
      },
      { cause },
    );
  }
}
