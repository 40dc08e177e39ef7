// trace(): record a model on an example, optimise, check, and give a compiled module.
import { Tensor } from "../eager/tensor.ts";
import { findEngine } from "../engines/engines.ts";
import { makeCase } from "../equivalence/certify.ts";
import { recipeLike } from "../equivalence/check-inputs.ts";
import { asStorage } from "../ops/run-graph.ts";
import type { Storage } from "../tensor/storage.ts";
import type { DynamicOption } from "../trace/dynamic.ts";
import { formatSizes } from "../trace/generalize.ts";
import { inMode } from "../trace/mode.ts";
import { checkModel, type Model } from "../trace/model.ts";
import { readModelCode } from "../trace/model-code.ts";
import { runEager } from "../trace/run-eager.ts";
import type { ExampleInputs } from "../trace/structure.ts";
import { type TracedGraph, traceGraph } from "../trace/trace-graph.ts";
import { traceOptions } from "./compile-options.ts";
import type { CompiledModule } from "./compiled-module.ts";
import { exampleFor } from "./example.ts";
import { type CompileOptions, finish, givenCase } from "./finish.ts";
import { checkOptions } from "./options.ts";
import { once, StageClock } from "./progress.ts";
import { bindInputs, runtimeValues, signatureOf } from "./signature.ts";

export interface TraceOptions extends CompileOptions {
  /** Names of the arguments; default: forward's parameter names, read from its source. */
  readonly names?: readonly string[];
  /** Symbolic dimensions: by input name (or an array by position), axis → name or { name, min, max, multiple }. */
  readonly dynamic?: DynamicOption;
  /** Lines (`model.ts:12`) where values are read out of tensors harmlessly. */
  readonly allow?: readonly string[];
  /** Record the model in this mode; default `eval`. Its own mode is put back afterwards. */
  readonly mode?: "eval" | "train";
}

/** What a model's forward returns. */
export type OutputOf<M> = M extends { forward(...args: never[]): infer R } ? R : M extends (...args: never[]) => infer R ? R : never;

/**
 * Compiles a model by running it once under a recorder. The result is optimised, and was compared with eager on other inputs before you get it.
 *
 * `example` is one tensor; an array, the argument list; `{ args }`; a plain record, one record argument; or a specification such as
 * `"float32[batch=2, 3, 224, 224]"`, whose named sizes become dynamic (a list of them, or a record by argument name, for several). Left out,
 * it is what the model declares as `static inputs = { x: "float32[batch=2, 3, 224, 224]" }`.
 *
 * Throws TraceError for what a recording cannot represent (branches on data, unseeded randomness, writes to captured state, …),
 * EquivalenceError when a check fails, EngineError when the engine cannot load.
 *
 * @example
 * const traced = await trace(model, x, { dynamic: { x: { 0: "batch" } } });
 * const y = await traced.run(x);
 */
export async function trace<M extends Model>(
  model: M,
  example?: ExampleInputs | readonly string[],
  options: TraceOptions = {},
): Promise<CompiledModule<OutputOf<M>>> {
  checkOptions("trace", options, traceOptions);
  findEngine(options.engine);
  const clock = new StageClock(options.onProgress, options.signal);
  clock.enter("recording");
  const { mode = "eval" } = options;
  checkModel(model);
  const given = exampleFor(model, example, options);
  const code = readModelCode(model);
  const { example: ready, ...declared } = given;
  const traced = inMode(model, code, mode, () => traceGraph(model, ready, { ...options, ...declared }, code));
  const eager = (inputs: readonly Storage[]) => inMode(model, code, mode, () => runEager(traced.subject, inputs, traced.stateNames));
  const signature = signatureOf(traced, mode);
  const exampleInputs = traced.args.tensors.map(storageOf);
  const cases = once(() => [
    randomCase(traced, eager, options.check?.seed ?? 1),
    ...(options.check?.inputs ?? []).map((inputs, i) => {
      const bound = bindInputs(traced.graph.name, traced.graph, signature, inputs);
      const storages = runtimeValues(traced.graph, bound, storageOf).map(asStorage);
      return givenCase(`given input ${i}`, storages, eager(storages));
    }),
  ]);
  const expected = traced.exampleOutputs.map(storageOf);
  return finish<OutputOf<M>>(
    {
      graph: traced.graph,
      signature,
      cases,
      bitwise: "first",
      example: givenCase("the example", exampleInputs, expected),
      clock,
    },
    options,
  );
}

function randomCase(traced: TracedGraph, eager: (inputs: readonly Storage[]) => Storage[], seed: number) {
  const recipes = traced.args.tensors.map((t, i) =>
    recipeLike(traced.args.names[i] as string, storageOf(t), traced.checkShapes[i] as readonly number[], seed + i),
  );
  const label = traced.symbols.length > 0 ? `random, ${formatSizes(traced.unseen)}` : "random";
  return makeCase(label, recipes, eager);
}

const storageOf = (t: Tensor) => Tensor.storageOf(t) as Storage;
