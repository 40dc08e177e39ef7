// Specifications of inputs that nobody gave: a model is run eagerly on stand-ins that have no type yet, and the first parameter that each
// meets fixes its rank, its channels and its dtype. Sizes that no parameter fixes get names.
import { eagerInterpreter, type Interpreter, type Operand, withInterpreter } from "../eager/interpreter.ts";
import { Tensor } from "../eager/tensor.ts";
import type { CodeFrame } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import type { Attributes } from "../ir/schema.ts";
import * as nn from "../nn/index.ts";
import type { OpDefinition } from "../ops/define.ts";
import type { Storage } from "../tensor/storage.ts";
import { callModel, type Model, type ModelObject } from "../trace/model.ts";
import type { ModelCode } from "../trace/model-code.ts";
import { quietly } from "../trace/quietly.ts";
import { fromSpecs } from "./example.ts";

/** What stopped a run: a stand-in met something that tells its type, or something that needs to know it. */
class Met extends Error {
  readonly tensor: Tensor;
  readonly spec: string | undefined;

  constructor(tensor: Tensor, spec: string | undefined) {
    super();
    this.tensor = tensor;
    this.spec = spec;
  }
}

/** What was found out: a specification per argument, and the names of arguments that nothing tells about. */
export interface InferredSpecs {
  readonly specs: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/** Runs the model on stand-ins; the required parameters of `forward` are those that `code` names. */
export function inferSpecs(model: Model, { parameters, modules }: ModelCode): InferredSpecs {
  const names = parameters.map((name, i) => name ?? `input_${i}`);
  const specs: Record<string, string> = {};
  for (let round = 0; round < names.length; round++) {
    const standIns = names.map((name) => (specs[name] === undefined ? new Tensor("float32", []) : fromSpecs([specs[name]])[0]?.tensor));
    const probe = new Probe(new Map(standIns.flatMap((t, i) => (t && specs[names[i] as string] === undefined ? [[t, t] as const] : []))));
    const met = probe.run(model, standIns, modules);
    const name = met && names[standIns.indexOf(met.tensor)];
    if (name === undefined || met?.spec === undefined) break;
    specs[name] = met.spec;
  }
  return { specs, missing: names.filter((name) => specs[name] === undefined) };
}

/** Runs eager, but for the operators that meet a stand-in. */
class Probe implements Interpreter {
  /** A stand-in, or what elementwise operators made of it → the argument. */
  readonly #origins: Map<Tensor, Tensor>;

  constructor(origins: Map<Tensor, Tensor>) {
    this.#origins = origins;
  }

  run(model: Model, args: readonly unknown[], modules: ModelCode["modules"]): Met | undefined {
    const wrapped = modules.map(([, module]) => this.#watch(module));
    try {
      quietly(() => withInterpreter(this, () => callModel(model, args)));
    } catch (error) {
      if (error instanceof Met) return error;
    } finally {
      for (const restore of wrapped) restore();
    }
    return undefined;
  }

  /** A layer tells what it takes before it looks at what it was given. */
  #watch(module: ModelObject): () => void {
    const spec = layerSpec(module);
    if (spec === undefined || !Object.isExtensible(module) || Object.hasOwn(module, "forward")) return () => {};
    const { forward } = module;
    const watched = (...args: never[]) => {
      const origin = this.#origins.get(args[0] as unknown as Tensor);
      if (origin) throw new Met(origin, spec);
      return forward.apply(module, args);
    };
    Object.defineProperty(module, "forward", { value: watched, configurable: true, enumerable: false, writable: true });
    return () => void Reflect.deleteProperty(module, "forward");
  }

  apply(op: OpDefinition, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[] {
    const at = inputs.findIndex((t) => t && this.#origins.has(t));
    if (at < 0) return eagerInterpreter().apply(op, inputs, attributes, outputCount);
    const origin = this.#origins.get(inputs[at] as Tensor) as Tensor;
    const other = inputs.find((t, i) => t && i !== at && !this.#origins.has(t));
    if (op.name === "MatMul" && at === 0 && other && other.shape.length >= 2)
      throw new Met(origin, `float32[batch=2, ${other.shape.at(-2)}]`);
    if (op.name === "Gather" && at === 1) throw new Met(origin, "int64[batch=2, seq=8]");
    if (!elementwise.has(op.name) || outputCount !== 1) throw new Met(origin, undefined);
    if (other && other.shape.length > 0) throw new Met(origin, `${other.dtype}[${other.shape.join(", ")}]`);
    const result = new Tensor("float32", []);
    this.#origins.set(result, origin);
    return [result];
  }

  applyGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
    return eagerInterpreter().applyGraph(graph, inputs);
  }

  constant(storage: Storage): Tensor {
    return eagerInterpreter().constant(storage);
  }

  read(tensor: Tensor, how: string): Storage {
    const origin = this.#origins.get(tensor);
    if (origin) throw new Met(origin, undefined);
    return eagerInterpreter().read(tensor, how);
  }

  drawUnseeded(): void {}

  place(): CodeFrame | undefined {
    return undefined;
  }
}

/** Operators whose result has the shape of their one tensor. */
const elementwise = new Set(
  "Abs Add Ceil Clip Cos Div Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log Max Min Mish Mul Neg Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Swish Tanh".split(
    " ",
  ),
);

/** The input that a layer of `nn` takes; undefined for other modules, and for layers that take anything. */
function layerSpec(module: ModelObject): string | undefined {
  const spatial = (rank: number) => ["depth", "height", "width"].slice(3 - rank).map((name) => `${name}=${rank === 3 ? 16 : 64}`);
  const image = (channels: number, rank: number) =>
    `float32[batch=2, ${channels}, ${(rank === 1 ? ["length=64"] : spatial(rank)).join(", ")}]`;
  const conv = [nn.Conv1d, nn.Conv2d, nn.Conv3d].findIndex((c) => module instanceof c);
  const transposed = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d].findIndex((c) => module instanceof c);
  if (conv >= 0 || transposed >= 0) return image((module as nn.Conv2d | nn.ConvTranspose2d).inChannels, Math.max(conv, transposed) + 1);
  if (module instanceof nn.BatchNorm2d) return image(module.numFeatures, 2);
  if (module instanceof nn.BatchNorm3d) return image(module.numFeatures, 3);
  if (module instanceof nn.BatchNorm1d) return `float32[batch=2, ${module.numFeatures}]`;
  if (module instanceof nn.Linear) return `float32[batch=2, ${module.inFeatures}]`;
  if (module instanceof nn.LayerNorm) return `float32[batch=2, ${module.normalizedShape.join(", ")}]`;
  if (module instanceof nn.Embedding) return "int64[batch=2, seq=8]";
  if (module instanceof nn.LSTM || module instanceof nn.GRU || module instanceof nn.RNN)
    return module.batchFirst ? `float32[batch=2, seq=8, ${module.inputSize}]` : `float32[seq=8, batch=2, ${module.inputSize}]`;
  return undefined;
}
