// load(): an ONNX file as a compiled module. The imported graph on the interpreter is the truth that the optimised one is compared with.
import { Tensor } from "../eager/tensor.ts";
import { type Certificate, certificateKey, parseCertificate } from "../equivalence/certificate.ts";
import type { CheckCase } from "../equivalence/certify.ts";
import { type InputRecipe, makeInput } from "../equivalence/check-inputs.ts";
import { ArgumentError, IngotError, ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { formatType } from "../ir/type.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { runGraph } from "../ops/run-graph.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Nested } from "../trace/structure.ts";
import type { CompiledModule } from "./compiled-module.ts";
import { type CompileOptions, finish, givenCase } from "./finish.ts";
import { StageClock } from "./progress.ts";
import { bindInputs, type Signature, signatureKey, signatureOfGraph } from "./signature.ts";

export interface LoadOptions extends CompileOptions {
  /** An input that the model accepts, as `run` takes it, where random ones of the declared shapes do not do. */
  readonly example?: unknown;
}

/** The size taken for a symbolic dimension that nothing says more about. */
const defaultSize = 2;

/**
 * Reads an ONNX file, optimises it, and checks that the optimised graph computes what the file's own graph does. A file that `save` wrote gets
 * its structure of inputs and outputs back. Loading runs no code of the file.
 *
 * Throws OnnxFormatError for files that are damaged or not ONNX, UnsupportedOpError for operators that Ingot lacks, FileError, EquivalenceError.
 *
 * @example
 * const m = await load("resnet152.onnx");
 * const y = await m.run(x);
 */
export async function load(path: string, options: LoadOptions = {}): Promise<CompiledModule<Nested>> {
  const clock = new StageClock(options.onProgress);
  clock.enter("reading");
  const graph = await readGraph(path, registry);
  const signature = signatureOf(graph, path);
  const certificate = certificateOf(graph, path);
  graph.metadata.delete(certificateKey);
  const cases = () => [...referenceCases(graph, signature, certificate, path, options)];
  return finish<Nested>({ graph, signature, cases, bitwise: false, example: undefined, clock }, options);
}

function certificateOf(graph: Graph, path: string): Certificate | undefined {
  const text = graph.metadata.get(certificateKey);
  return text === undefined ? undefined : parseCertificate(text, path);
}

/** The stored signature, if the file has one that fits its graph. Throws `OnnxUnsupported` for inputs and outputs that are no tensors. */
export function signatureOf(graph: Graph, path: string): Signature {
  requireTensors(graph, path);
  const text = graph.metadata.get(signatureKey);
  if (text === undefined) return signatureOfGraph(graph);
  try {
    const signature = JSON.parse(text) as Signature;
    if (
      signature.argumentLayout.kind !== "list" ||
      signature.argumentNames.length !== signature.argumentLayout.items.length ||
      signature.returnedCount > graph.outputs.length
    )
      throw new TypeError("its fields do not fit the graph");
    return signature;
  } catch (error) {
    throw ingotError("InvalidCertificate", {
      file: path,
      problem: `the signature is damaged (${error instanceof Error ? error.message : String(error)})`,
    });
  }
}

/** A compiled module takes and gives tensors; sequences, optionals and maps may be inside of it only. */
function requireTensors(graph: Graph, file: string): void {
  const inputs = graph.inputs.map((v) => ({ type: v.type, what: `the input \`${v.name}\`` }));
  const outputs = graph.outputs.map((v, i) => ({ type: v.type, what: `the output \`${graph.outputNames[i]}\`` }));
  const odd = [...inputs, ...outputs].find(({ type }) => type.kind !== "tensor");
  if (odd)
    throw ingotError("OnnxUnsupported", {
      file,
      what: `${formatType(odd.type)} as the type of ${odd.what} of a compiled module`,
      hint: "End the graph with tensors: without the ZipMap, or with ConcatFromSequence, SequenceAt or OptionalGetElement.",
    });
}

/** The cases of a graph that is its own reference: certificate, given example, given inputs; else random inputs of the declared shapes. */
export function referenceCases(
  graph: Graph,
  signature: Signature,
  certificate: Certificate | undefined,
  file: string,
  options: LoadOptions,
): CheckCase[] {
  const run = (inputs: readonly Storage[]) => runGraph(graph, inputs, { reuseMemory: true }) as Storage[];
  const given = [...(options.example === undefined ? [] : [options.example]), ...(options.check?.inputs ?? [])].map((inputs, i) => {
    const storages = bindInputs(graph.name, graph, signature, inputs).map((t) => Tensor.storageOf(t) as Storage);
    return givenCase(`given input ${i}`, storages, run(storages));
  });
  const recipes =
    certificate?.cases[0]?.inputs.map(({ sha256: _, ...recipe }) => recipe) ?? declaredRecipes(graph, options.check?.seed ?? 1);
  if (given.length > 0 && !certificate) return given;
  const inputs = recipes.map(makeInput);
  try {
    return [{ label: "random", recipes, inputs, expected: run(inputs) }, ...given];
  } catch (error) {
    if (!(error instanceof IngotError) || error instanceof ArgumentError) throw error;
    throw ingotError("NoCheckInputs", { file, problem: error.summary }, { cause: error });
  }
}

/** Inputs of the declared types; symbols of one name get one size. */
export function declaredRecipes(graph: Graph, seed: number): InputRecipe[] {
  return graph.inputs.map((v, i) => {
    const { dtype, shape = [] } = v.tensorType;
    const base = {
      name: v.name ?? `input_${i}`,
      dtype,
      shape: shape.map((d) => (typeof d === "number" ? d : defaultSize)),
      seed: seed + i,
    };
    if (isFloat(dtype)) return { ...base, kind: "normal" };
    return dtype === "string" ? { ...base, kind: "choice", choices: ["a", "b", "c"] } : { ...base, kind: "integers", range: ["0", "1"] };
  });
}
