// `--input` and `--dynamic` of `ingot trace`: from text to an example, names and dynamic sizes.
import { declaredInputs, fromSpecs, isSpecRecord } from "../compile/example.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { didYouMean } from "../errors/nearest.ts";
import { parameterNames } from "../source/parameter-names.ts";
import type { DynamicAxes } from "../trace/dynamic.ts";
import { forwardFunction, type Model } from "../trace/model.ts";
import { readSource } from "./input-option.ts";

export interface TraceInputs {
  readonly names: readonly string[];
  readonly tensors: readonly Tensor[];
  readonly dynamic: readonly (DynamicAxes | undefined)[];
}

export interface TraceInputFlags {
  /** `x:float32[batch,3,224,224]` or `x=cat.jpg` */
  readonly input?: readonly string[];
  /** `x:0=batch` */
  readonly dynamic?: readonly string[];
  readonly seed?: number;
}

interface Given {
  readonly name: string;
  /** A specification, or a file. */
  readonly spec?: string;
  readonly file?: string;
}

/**
 * Inputs are taken in the order of forward's parameters, unless their names are those of the parameters; without any, the model's own
 * `static inputs` count. Throws `InputOption`, `InvalidSpec`, and what reading a file throws.
 */
export async function traceInputs(
  model: Model,
  { input: values = [], dynamic: axes = [], seed = 1 }: TraceInputFlags,
): Promise<TraceInputs> {
  const parameters = parameterNames(forwardFunction(model)).map((name, i) => name ?? `input_${i}`);
  const given = inOrder(values.length > 0 ? values.map(parseGiven) : fromDeclaration(model, parameters), parameters);
  const dynamic = parseAxes(axes, given);
  // Made together, so that a size which is given once stands for its name everywhere.
  const made = fromSpecs(
    given.flatMap(({ spec }) => (spec === undefined ? [] : [spec])),
    seed,
  )[Symbol.iterator]();
  const tensors: Tensor[] = [];
  const symbols: DynamicAxes[] = [];
  for (const { name, spec, file } of given) {
    const example = spec === undefined ? undefined : made.next().value;
    symbols.push(example?.dynamic ?? {});
    tensors.push(example?.tensor ?? (await readSource({ option: `--input ${name}=${file}`, source: file ?? "" }, "float32")));
  }
  return {
    names: given.map((g) => g.name),
    tensors,
    dynamic: symbols.map((axes, i) => {
      const all = { ...axes, ...dynamic[i] };
      return Object.keys(all).length > 0 ? all : undefined;
    }),
  };
}

function parseGiven(value: string): Given {
  const match = /^([A-Za-z_$][\w$.]*)([:=])(.+)$/s.exec(value);
  const [, name, sign, rest] = match ?? [];
  if (name === undefined || rest === undefined)
    throw ingotError("InputOption", { option: `--input ${value}`, problem: "expected name:specification or name=file" });
  return sign === ":" ? { name, spec: rest } : { name, file: rest };
}

function fromDeclaration(model: Model, parameters: readonly string[]): Given[] {
  const declared = declaredInputs(model);
  if (declared === undefined)
    throw ingotError("InputOption", {
      option: "--input",
      problem: `the model declares no \`static inputs\`, so its inputs (${parameters.join(", ") || "none"}) need a specification each`,
    });
  if (isSpecRecord(declared)) return Object.entries(declared).map(([name, spec]) => ({ name, spec }));
  const specs = typeof declared === "string" ? [declared] : declared;
  return specs.map((spec, i) => ({ name: parameters[i] ?? `input_${i}`, spec }));
}

/** Names that are all parameters' stand for these, in whatever order they come; other names rename the parameters, in order. */
function inOrder(given: readonly Given[], parameters: readonly string[]): readonly Given[] {
  const names = given.map((g) => g.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw ingotError("InputOption", { option: `--input ${twice}`, problem: `${twice} is given twice` });
  return names.every((name) => parameters.includes(name))
    ? [...given].sort((a, b) => parameters.indexOf(a.name) - parameters.indexOf(b.name))
    : given;
}

function parseAxes(axes: readonly string[], given: readonly Given[]): Record<number, string>[] {
  const names = given.map((g) => g.name);
  const out = given.map((): Record<number, string> => ({}));
  for (const value of axes) {
    const match = /^(.+):(-?\d+)=([A-Za-z_]\w*)$/.exec(value);
    if (!match) throw ingotError("InputOption", { option: `--dynamic ${value}`, problem: "expected name:axis=size, such as x:0=batch" });
    const [, name = "", axis, size = ""] = match;
    const at = names.indexOf(name);
    if (at < 0)
      throw ingotError("InputOption", {
        option: `--dynamic ${value}`,
        problem: `no input is called ${name}; the inputs are ${names.join(", ")}${didYouMean(name, names)}`,
      });
    (out[at] as Record<number, string>)[Number(axis)] = size;
  }
  return out;
}
