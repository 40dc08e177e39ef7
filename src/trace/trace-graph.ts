// trace: from a model and an example to a graph. Records a run, checks that it is deterministic and that no read value decides the graph,
// and generalises over dynamic dimensions. What comes out is faithful but not optimised; src/compile checks it against eager.
import { eagerInterpreter, withInterpreter } from "../eager/interpreter.ts";
import { Tensor } from "../eager/tensor.ts";
import { IngotError, ingotError, TraceError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { isFloat } from "../tensor/dtype.ts";
import { Generator } from "../tensor/random.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { align, describeNode, isDivergence } from "./align.ts";
import {
  concreteShapes,
  type DynamicOption,
  type DynamicShapes,
  type DynamicSymbol,
  endSizes,
  probeSizes,
  resolveDynamic,
  unseenSizes,
} from "./dynamic.ts";
import type { Sizes } from "./explain.ts";
import { frameOf } from "./frame.ts";
import { formatSizes, generalize } from "./generalize.ts";
import { lintRecording } from "./lint-recording.ts";
import { checkModel, type Model, modelName, tensorNames } from "./model.ts";
import { type ModelCode, readModelCode } from "./model-code.ts";
import { checkReads } from "./read-check.ts";
import { type Recording, record, type Subject } from "./record.ts";
import { NeedsKernels } from "./recorder.ts";
import { type Arguments, argumentList, checkNames, flattenArguments, type Layout } from "./structure.ts";

export interface TraceGraphOptions {
  /** Names of the arguments, instead of forward's parameter names. */
  readonly names?: readonly string[];
  readonly dynamic?: DynamicOption;
  /** Lines (`model.ts:12`) where values are read out of tensors harmlessly. */
  readonly allow?: readonly string[];
}

export interface TracedGraph {
  readonly graph: Graph;
  readonly subject: Subject;
  readonly args: Arguments;
  readonly outputLayout: Layout;
  /** How many of the graph's outputs forward returned; the rest are new values of buffers. */
  readonly returnedCount: number;
  readonly stateNames: readonly string[];
  readonly symbols: readonly DynamicSymbol[];
  /** Sizes of the dynamic dimensions that no recording has seen, for the check; and the input shapes at these sizes. */
  readonly unseen: Sizes;
  readonly checkShapes: readonly (readonly number[])[];
  /** What eager computed on the example: the graph's outputs, in order. */
  readonly exampleOutputs: readonly Tensor[];
}

/** Types-only recordings per dynamic trace; expressions are fitted to all of them and must hold in the unseen-size run as well. */
const probeCount = 4;

/** Throws TraceError for what a recording cannot represent faithfully. The model is left as it was. */
export function traceGraph(model: Model, example: unknown, options: TraceGraphOptions = {}, code?: ModelCode): TracedGraph {
  checkModel(model);
  const { captured, modules, functions, parameters } = code ?? readModelCode(model);
  const list = argumentList(example);
  if (options.names) checkNames(options.names, list);
  const args = flattenArguments(list, options.names ?? parameters);
  if (args.tensors.length === 0) throw ingotError("NoTensorInput", {});
  const dynamic = resolveDynamic(options.dynamic, args);
  const { names } = tensorNames(model, captured);
  const subject: Subject = { model, args, modules, names, roots: captured, functions };
  const first = record(subject, { kernels: true, noteCalls: true });
  lintRecording(first.calls);
  const replay = first.reads.map((r) => r.storage);
  const typesOnly = recordTypes(subject, replay);
  if (typesOnly) checkDeterministic(first, typesOnly);
  checkReads(subject, first, options.allow ?? []);
  const probes = probeSizes(dynamic.symbols, dynamic.symbols.length === 0 ? 0 : probeCount);
  const graph = dynamic.symbols.length === 0 ? first.graph : generalizeOver(subject, first, replay, dynamic, probes);
  graph.name = modelName(model);
  const unseen = unseenSizes(dynamic.symbols, probes);
  return {
    graph,
    subject,
    args,
    outputLayout: first.outputLayout,
    returnedCount: first.outputs.length - first.stateNames.length,
    stateNames: first.stateNames,
    symbols: dynamic.symbols,
    checkShapes: concreteShapes(dynamic.shapes, unseen),
    unseen,
    exampleOutputs: first.outputs,
  };
}

/** Undefined when shapes depend on values, so that types alone do not carry. */
function recordTypes(subject: Subject, replay: readonly Storage[], shapes?: readonly (readonly number[])[]): Recording | undefined {
  try {
    return record(subject, { kernels: false, replay, ...(shapes && { shapes }) });
  } catch (error) {
    if (error instanceof NeedsKernels) return undefined;
    throw error;
  }
}

function checkDeterministic(first: Recording, again: Recording): void {
  const result = align(first.graph, again.graph);
  if (isDivergence(result)) throw ingotError("NondeterministicModel", { difference: result.difference }, frameOf(result.node?.provenance));
  const attribute = result.attributes[0];
  if (attribute)
    throw ingotError(
      "NondeterministicModel",
      { difference: `attribute ${attribute.name} of ${describeNode(attribute.node)}` },
      frameOf(attribute.node.provenance),
    );
  const constant = [...result.constants.keys()][0];
  if (constant) {
    const user = constant.consumers[0];
    throw ingotError(
      "NondeterministicModel",
      { difference: `a constant of ${user ? describeNode(user) : "the outputs"}` },
      frameOf(user?.provenance),
    );
  }
}

function generalizeOver(
  subject: Subject,
  first: Recording,
  replay: readonly Storage[],
  dynamic: DynamicShapes,
  probes: readonly Sizes[],
): Graph {
  const exampleSizes: Sizes = new Map(dynamic.symbols.map((s) => [s.name, s.size]));
  const near = probes.map((sizes) => ({ graph: recordAtSizes(subject, replay, dynamic, sizes).graph, sizes }));
  const symbols = dynamic.symbols.map((s) => s.symbol);
  const recordings = [{ graph: first.graph, sizes: exampleSizes }, ...near];
  const graph = generalize(recordings, dynamic.shapes, symbols);
  // Only a model whose graph follows its sizes nearby is worth a look at the ends of the range, where clamps and thresholds show.
  const far = endSizes(dynamic.symbols).flatMap(({ sizes, declared }) => {
    const recording = recordFar(subject, replay, dynamic, sizes, declared);
    return recording ? [{ graph: recording.graph, sizes }] : [];
  });
  return far.length > 0 ? generalize([...recordings, ...far], dynamic.shapes, symbols) : graph;
}

/** Types only. Undefined where these do not carry, and where the model refuses a size that nobody said it takes. */
function recordFar(
  subject: Subject,
  replay: readonly Storage[],
  dynamic: DynamicShapes,
  sizes: Sizes,
  declared: boolean,
): Recording | undefined {
  try {
    return recordTypes(subject, replay, concreteShapes(dynamic.shapes, sizes));
  } catch (error) {
    if (error instanceof TraceError) throw error;
    if (declared) throw sizeRejected(sizes, error);
    return undefined;
  }
}

function sizeRejected(sizes: Sizes, error: unknown): Error {
  const problem = error instanceof IngotError ? error.summary : error instanceof Error ? error.message : String(error);
  const frame = error instanceof IngotError ? error.frame : undefined;
  return ingotError("SizeRejected", { sizes: formatSizes(sizes), problem }, { cause: error, frame });
}

function recordAtSizes(subject: Subject, replay: readonly Storage[], dynamic: DynamicShapes, sizes: Sizes): Recording {
  const shapes = concreteShapes(dynamic.shapes, sizes);
  try {
    const typesOnly = recordTypes(subject, replay, shapes);
    return (
      typesOnly ?? record(subject, { kernels: true, tensors: subject.args.tensors.map((t, i) => randomLike(t, shapes[i] as number[], i)) })
    );
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw sizeRejected(sizes, error);
  }
}

/** A tensor of another shape whose elements resemble the example's: normal numbers for floats, for integers draws from the example's own. */
export function randomLike(like: Tensor, shape: readonly number[], seed: number): Tensor {
  const g = new Generator(seed);
  const storage = Tensor.storageOf(like);
  const n = elementCount(shape);
  return withInterpreter(eagerInterpreter(), () => {
    if (isFloat(like.dtype) || !storage || storage.size === 0)
      return Tensor.fromStorage(Storage.from(like.dtype, g.fillNormal(new Float32Array(n)), shape));
    const source = storage.dense();
    return Tensor.fromStorage(
      Storage.from(
        like.dtype,
        Array.from({ length: n }, () => source[g.integer(0, source.length)] as number),
        shape,
      ),
    );
  });
}
