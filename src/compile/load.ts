// load(): an ONNX file as a compiled module. The imported graph on the interpreter is the truth that the optimised one is compared with.
import { currentInterpreter } from "../eager/interpreter.ts";
import { findEngine } from "../engines/engines.ts";
import { abortedOr, throwIfAborted } from "../engines/run-aborted.ts";
import { type Certificate, certificateKey, parseCertificate } from "../equivalence/certificate.ts";
import type { CheckCase } from "../equivalence/certify.ts";
import { makeValue, recipeFits, recipeFor, type ValueRecipe } from "../equivalence/recipes.ts";
import { describeValue } from "../errors/describe-value.ts";
import { ArgumentError, IngotError, ingotError } from "../errors/error.ts";
import { type Dim, evaluateDim, symbolsOf } from "../ir/dim.ts";
import type { Graph } from "../ir/graph.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { runGraphInSlices } from "../ops/run-graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import type { Nested } from "../trace/structure.ts";
import { loadOptions } from "./compile-options.ts";
import type { CompiledModule } from "./compiled-module.ts";
import { type CompileOptions, finish, givenCase } from "./finish.ts";
import { checkOptions } from "./options.ts";
import { readSignature } from "./parse-signature.ts";
import { once, StageClock } from "./progress.ts";
import { bindInputs, runtimeValues, type Signature } from "./signature.ts";

export interface LoadOptions extends CompileOptions {
  /** An input that the model accepts, as `run` takes it, where random ones of the declared shapes do not do. */
  readonly example?: unknown;
}

type CheckRun = (inputs: readonly RuntimeValue[]) => Promise<RuntimeValue[]>;

/** The size taken for a symbolic dimension that nothing says more about. */
const defaultSize = 2;

/** Errors of a run that say nothing against its inputs. */
const notOfInputs: ReadonlySet<string> = new Set(["StepLimit", "RunAborted"]);

/** What loops of a file may take in one run of its check, where nobody says otherwise: some ten seconds of the interpreter. */
export const defaultMaxSteps = 1_000_000;

/**
 * Reads an ONNX file, optimises it, and checks that the optimised graph computes what the file's own graph does. A file that `save` wrote gets
 * its structure of inputs and outputs back. Loading runs no code of the file.
 *
 * Throws OnnxFormatError for files that are damaged or not ONNX, UnsupportedOpError for operators that Ingot lacks, `StepLimit` for a Loop
 * that does not end within `check.maxSteps`, `RunAborted` where `signal` fires before the checks are done, FileError, EquivalenceError.
 *
 * @example
 * const m = await load("resnet152.onnx");
 * const y = await m.run(x);
 * const other = await load("of-a-stranger.onnx", { signal: AbortSignal.timeout(10_000) });
 */
export async function load(path: string, options: LoadOptions = {}): Promise<CompiledModule<Nested>> {
  checkOptions("load", options, loadOptions);
  findEngine(options.engine);
  if (typeof path !== "string" || path === "")
    throw ingotError("InvalidArgument", {
      op: "load",
      name: "path",
      expected: "the path of an .onnx file",
      actual: path === "" ? "an empty string" : describeValue(path),
      hint: 'Write load("model.onnx").',
    });
  const clock = new StageClock(options.onProgress, options.signal);
  clock.enter("reading");
  const graph = await readGraph(path, registry);
  const signature = readSignature(graph, path);
  const certificate = certificateOf(graph, path);
  graph.metadata.delete(certificateKey);
  const bounded = { ...options, check: { ...options.check, maxSteps: options.check?.maxSteps ?? defaultMaxSteps } };
  const cases = once(() => referenceCases(graph, signature, certificate, path, bounded));
  return finish<Nested>({ graph, signature, cases, bitwise: "none", example: undefined, clock }, bounded);
}

function certificateOf(graph: Graph, path: string): Certificate | undefined {
  const text = graph.metadata.get(certificateKey);
  return text === undefined ? undefined : parseCertificate(text, path);
}

/** The cases of a graph that is its own reference: certificate, given example, given inputs; else random inputs of the declared shapes. */
async function referenceCases(
  graph: Graph,
  signature: Signature,
  certificate: Certificate | undefined,
  file: string,
  options: LoadOptions,
): Promise<CheckCase[]> {
  const { example, check, signal } = options;
  const run = async (inputs: readonly RuntimeValue[]): Promise<RuntimeValue[]> => {
    throwIfAborted(signal);
    try {
      return await runGraphInSlices(graph, inputs, { reuseMemory: true, maxSteps: check?.maxSteps, signal });
    } catch (error) {
      throw abortedOr(error, signal);
    }
  };
  const given: CheckCase[] = [];
  for (const inputs of [...(example === undefined ? [] : [example]), ...(check?.inputs ?? [])]) {
    const bound = bindInputs(graph.name, graph, signature, inputs);
    const values = runtimeValues(graph, bound, (t) => currentInterpreter().read(t, "load"));
    given.push(givenCase(`given input ${given.length}`, values, await run(values)));
  }
  const known = certificate && knownRecipes(graph, certificate);
  const recipes = known ?? declaredRecipes(graph, check?.seed ?? 1);
  if (given.length > 0 && !known) return given;
  try {
    const inputs = makeInputs(graph, recipes);
    return [{ label: "random", recipes, inputs, expected: await run(inputs) }, ...(await withoutOptionals(graph, recipes, run)), ...given];
  } catch (error) {
    if (!(error instanceof IngotError) || error instanceof ArgumentError || notOfInputs.has(error.code)) throw error;
    throw ingotError("NoCheckInputs", { file, problem: error.summary }, { cause: error });
  }
}

/** The same inputs with the optional ones absent: none where there are none, nor where the model cannot do without. */
async function withoutOptionals(graph: Graph, recipes: readonly ValueRecipe[], run: CheckRun): Promise<CheckCase[]> {
  if (graph.inputs.every((v) => v.type.kind !== "optional")) return [];
  const absent = recipes.map((r) => ("items" in r && r.kind === "optional" ? { ...r, items: [] } : r));
  const inputs = makeInputs(graph, absent);
  try {
    return [{ label: "random, optionals absent", recipes: absent, inputs, expected: await run(inputs) }];
  } catch (error) {
    if (error instanceof IngotError && error.code !== "RunAborted") return [];
    throw error;
  }
}

/** The recipes of a certificate, if they fit the graph: what a file says of itself is not trusted. */
function knownRecipes(graph: Graph, certificate: Certificate): ValueRecipe[] | undefined {
  const recipes = certificate.cases[0]?.inputs.map(({ sha256: _, ...recipe }) => recipe);
  if (recipes?.length !== graph.inputs.length) return undefined;
  return graph.inputs.every((v, i) => recipeFits(recipes[i] as ValueRecipe, v.type)) ? recipes : undefined;
}

/** Inputs of the declared types; symbols of one name get one size. */
export function declaredRecipes(graph: Graph, seed: number): ValueRecipe[] {
  const sizes = new Map<string, number>();
  for (const v of graph.inputs)
    if (v.type.kind === "tensor") for (const d of v.type.shape ?? []) for (const name of symbolsOf(d)) sizes.set(name, defaultSize);
  const sizeOf = (d: Dim) => evaluateDim(d, sizes) ?? defaultSize;
  return graph.inputs.map((v, i) => recipeFor(v.name ?? `input_${i}`, v.type, seed + i, sizeOf));
}

/** The values of recipes, one per graph input. */
export function makeInputs(graph: Graph, recipes: readonly ValueRecipe[]): RuntimeValue[] {
  return graph.inputs.map((v, i) => makeValue(recipes[i] as ValueRecipe, v.type));
}
