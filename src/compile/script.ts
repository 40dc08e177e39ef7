// script(): compile a model from its own source, optimise, check on inputs that take different paths, and give a compiled module.
import { Tensor } from "../eager/tensor.ts";
import { findEngine } from "../engines/engines.ts";
import { type CheckCase, makeCase } from "../equivalence/certify.ts";
import { type InputRecipe, makeInput, recipeLike } from "../equivalence/check-inputs.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { asStorage, failedNode } from "../ops/run-graph.ts";
import { formatCounts, PathCoverage } from "../script/coverage.ts";
import { frameOf } from "../script/machine.ts";
import { scriptGraph } from "../script/script-graph.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import { concreteShapes, type DynamicOption, type DynamicShapes, resolveDynamic } from "../trace/dynamic.ts";
import { formatSizes } from "../trace/generalize.ts";
import { inMode } from "../trace/mode.ts";
import { checkModel, type Model, modelName, tensorNames } from "../trace/model.ts";
import { type ModelCode, readModelCode } from "../trace/model-code.ts";
import type { Subject } from "../trace/record.ts";
import { runEager } from "../trace/run-eager.ts";
import { type Arguments, argumentList, checkNames, type ExampleInputs, flattenArguments } from "../trace/structure.ts";
import { scriptOptions } from "./compile-options.ts";
import type { CompiledModule } from "./compiled-module.ts";
import { declaredInputs, exampleFor } from "./example.ts";
import { type CompileOptions, finish, givenCase } from "./finish.ts";
import { inferSpecs } from "./infer-specs.ts";
import { checkOptions } from "./options.ts";
import { once, StageClock } from "./progress.ts";
import { bindInputs, runtimeValues, signatureOf } from "./signature.ts";
import type { OutputOf } from "./trace.ts";

export interface ScriptOptions extends CompileOptions {
  /** What the model takes: a specification per argument, such as `{ x: "float32[batch=2, 3]" }`; a list in order, or a single one. */
  readonly inputs?: string | readonly string[] | Readonly<Record<string, string>>;
  /** Tensors that the model takes, in place of specifications. It joins in the check. */
  readonly example?: ExampleInputs;
  /** Names of the arguments; default: forward's parameter names, read from its source. */
  readonly names?: readonly string[];
  /** Symbolic dimensions of an example: by input name (or an array by position), axis → name or { name, min, max, multiple }. */
  readonly dynamic?: DynamicOption;
  /**
   * What the model's functions capture, by name: imports, constants, helpers. Needed only where functions cannot be inspected (Bun, Deno,
   * Node's permission model); `ScopeMissing` lists what is not there.
   */
  readonly scope?: Readonly<Record<string, unknown>>;
  /** Compile the model in this mode; default `eval`. Its own mode is put back afterwards. */
  readonly mode?: "eval" | "train";
}

/** So many inputs are tried for paths that none before has taken. */
const maxAttempts = 32;
/** Inputs on which the graph takes more steps than this are passed over: a loop may not end on what was drawn. */
const searchSteps = 300_000;
/** So many of them are kept as cases of the check. */
const maxCases = 8;

/**
 * Compiles a model from its own source: loops, branches, helpers and closures included. What depends on tensors becomes `If` and `Loop`, all
 * else is computed at compile time. The result is optimised, and was compared with eager on inputs that take different paths.
 *
 * Inputs are described by `inputs`, by an `example`, or by the model's own `static inputs`. Without any, the parameters that they meet tell:
 * a convolution's weight fixes rank and channels.
 *
 * Throws ScriptError for what cannot be compiled, with the line and what to write instead; `InputSpecNeeded` when no input is known on which
 * eager runs; EquivalenceError when a check fails; EngineError when the engine cannot load.
 *
 * @example
 * const scripted = await script((x: Tensor) => (x.sum().item() > 0 ? x.relu() : x.neg()), { inputs: { x: "float32[n=3, 4]" } });
 * const y = await scripted.run(x);
 */
export async function script<M extends Model>(model: M, options: ScriptOptions = {}): Promise<CompiledModule<OutputOf<M>>> {
  checkOptions("script", options, scriptOptions);
  findEngine(options.engine);
  const clock = new StageClock(options.onProgress, options.signal);
  clock.enter("reading the source");
  const { mode = "eval" } = options;
  checkModel(model);
  const { args, dynamic, code } = subjectArguments(model, options);
  const scripted = inMode(model, code, mode, () => scriptGraph(model, args, dynamic, code, options.scope));
  const { names } = tensorNames(model, code.captured);
  const subject: Subject = { model, args, modules: code.modules, names, roots: code.captured, functions: code.functions };
  const eager = (inputs: readonly Storage[]) =>
    inMode(model, code, mode, () => runEager(subject, inputs, scripted.stateNames, { sometimes: true }));
  const signature = signatureOf({ args, ...scripted, symbols: dynamic.symbols }, mode);
  const coverage = new PathCoverage(scripted.graph);
  const given = (label: string, storages: readonly Storage[]) => {
    coverage.run(storages);
    return givenCase(label, storages, eager(storages));
  };
  const cases = once(() => {
    const user = (options.check?.inputs ?? []).map((inputs, i) =>
      given(
        `given input ${i}`,
        runtimeValues(scripted.graph, bindInputs(scripted.graph.name, scripted.graph, signature, inputs), storageOf).map(asStorage),
      ),
    );
    if (options.example !== undefined) user.push(given("the example", args.tensors.map(storageOf)));
    const found = findCases(model, args, dynamic, coverage, eager, options.check?.seed ?? 1);
    if (found.length + user.length === 0)
      throw ingotError("InputSpecNeeded", { model: modelName(model), missing: "values on which the model runs" });
    return [...found, ...user];
  });
  const notes = () => (coverage.isStraight ? [] : [`paths: ${formatCounts(coverage.counts)}`]);
  return finish<OutputOf<M>>(
    { graph: scripted.graph, signature, cases, bitwise: "all", origin: "scripted", example: undefined, notes, clock },
    options,
  );
}

function subjectArguments(model: Model, options: ScriptOptions) {
  const code = readModelCode(model, { anyWrites: true });
  const described = options.example ?? options.inputs ?? declaredInputs(model) ?? inferredInputs(model, code);
  const { example, names, dynamic } = exampleFor(model, described, options);
  const list = argumentList(example);
  const given = options.names ?? names;
  if (given) checkNames(given, list);
  const args = flattenArguments(list, given ?? code.parameters);
  if (args.tensors.length === 0) throw ingotError("NoTensorInput", {});
  return { args, dynamic: resolveDynamic(options.dynamic ?? dynamic, args), code };
}

/** From the parameters that the inputs meet. Throws `InputSpecNeeded` for what none tells. */
function inferredInputs(model: Model, code: ModelCode): Readonly<Record<string, string>> {
  const { specs, missing } = inferSpecs(model, code);
  if (missing.length > 0) throw ingotError("InputSpecNeeded", { model: modelName(model), missing: missing.join(", ") });
  return specs;
}

/** Inputs that together take as many paths as are found, each with what eager gives. */
function findCases(
  model: Model,
  args: Arguments,
  dynamic: DynamicShapes,
  coverage: PathCoverage,
  eager: (inputs: readonly Storage[]) => Storage[],
  seed: number,
): CheckCase[] {
  const cases: CheckCase[] = [];
  const attempts = coverage.isStraight ? 1 : maxAttempts;
  let failure: unknown;
  for (let attempt = 0; attempt < attempts || (cases.length === 0 && attempt < maxAttempts); attempt++) {
    if (cases.length === maxCases || (cases.length > 0 && coverage.isComplete)) break;
    const sizes = sizesFor(dynamic, attempt);
    const shapes = concreteShapes(dynamic.shapes, sizes);
    const recipes = args.tensors.map((t, i) =>
      vary(recipeLike(args.names[i] as string, storageOf(t), shapes[i] as readonly number[], seed + attempt * 100 + i), attempt),
    );
    const inputs = recipes.map(makeInput);
    const result = attemptRun(coverage, inputs);
    if (!result.ran) {
      // What the graph refuses, eager must refuse too.
      if (result.error instanceof IngotError) {
        // A loop that does not end on these inputs would not end in eager either.
        if (result.error.code === "StepLimit") {
          failure ??= result.error;
          continue;
        }
        if (!throws(() => eager(inputs)))
          throw (
            pastListEnd(result.error) ??
            ingotError(
              "TraceNotFaithful",
              { problem: `the graph fails where eager does not: ${result.error.summary}` },
              { cause: result.error },
            )
          );
        failure ??= result.error;
        continue;
      }
      throw result.error;
    }
    if (!result.isNew && cases.length > 0) continue;
    const label = dynamic.symbols.length > 0 ? `random ${attempt}, ${formatSizes(sizes)}` : attempt === 0 ? "random" : `random ${attempt}`;
    cases.push(makeCase(label, recipes, eager));
  }
  if (cases.length === 0 && failure instanceof Error)
    throw ingotError(
      "InputSpecNeeded",
      { model: modelName(model), missing: `values on which the model runs: ${failure.message.split("\n")[0]}` },
      { cause: failure },
    );
  return cases;
}

/** The error for a list that was read where JavaScript has nothing. */
function pastListEnd(error: IngotError): IngotError | undefined {
  const node = failedNode(error);
  if (node?.op !== "SequenceAt" || error.code !== "IndexOutOfRange") return undefined;
  const { index, size } = error.params as Record<string, number>;
  const frame = frameOf(node.provenance);
  return ingotError("PastListEnd", { index: index as number, length: size as number }, { frame, cause: error });
}

function attemptRun(
  coverage: PathCoverage,
  inputs: readonly Storage[],
): { readonly ran: true; readonly isNew: boolean } | { readonly ran: false; readonly error: unknown } {
  try {
    return { ran: true, isNew: coverage.run(inputs, searchSteps).isNew };
  } catch (error) {
    return { ran: false, error };
  }
}

function throws(body: () => unknown): boolean {
  try {
    body();
    return false;
  } catch {
    return true;
  }
}

/** Sizes near the example, then small and larger ones; 0 where the range admits it. */
function sizesFor({ symbols }: DynamicShapes, attempt: number): ReadonlyMap<string, number> {
  return new Map(
    symbols.map((s, i): [string, number] => {
      const wanted = [s.size + s.multiple * (i + 1), s.size, s.multiple, 0, 2 * s.multiple, s.size + 3 * s.multiple][
        (attempt + (attempt > 5 ? i : 0)) % 6
      ] as number;
      return [s.name, wanted >= s.min && wanted <= s.max ? wanted : s.size];
    }),
  );
}

/** Other scales, signs and ranges, so that conditions on values turn out differently. */
function vary(recipe: InputRecipe, attempt: number): InputRecipe {
  if (attempt === 0) return recipe;
  if (isFloat(recipe.dtype)) {
    const [scale, shift] = [
      [1, 0],
      [1, 1],
      [1, -1],
      [0.1, 0],
      [10, 0],
      [0, 0],
      [3, 3],
      [3, -3],
    ][attempt % 8] as [number, number];
    return { ...recipe, scale, shift };
  }
  if (recipe.dtype === "bool" || recipe.kind !== "integers") return recipe;
  const [low, high] = [
    [0, 1],
    [0, 4],
    [1, 8],
    [-3, 3],
    [0, 0],
    [2, 2],
    [5, 12],
    [1, 1],
  ][attempt % 8] as [number, number];
  return { ...recipe, range: [String(recipe.dtype.startsWith("u") ? Math.max(0, low) : low), String(high)] };
}

const storageOf = (t: Tensor) => Tensor.storageOf(t) as Storage;
