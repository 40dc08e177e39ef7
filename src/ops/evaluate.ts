// Evaluates one operator on concrete values: checks the schema, infers the outputs, runs the kernel. The single way in to kernels,
// for eager dispatch, the graph loop and constant folding.
import { ingotError } from "../errors/error.ts";
import { dimsOfStorage, type Graph } from "../ir/graph.ts";
import { checkInputs, requiredCount, resolveAttributes } from "../ir/infer-node.ts";
import type { Attributes, InferContext } from "../ir/schema.ts";
import { formatType, tensorType, type ValueType } from "../ir/type.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import { requireRoom } from "../tensor/memory.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import type { EvalContext, OpDefinition } from "./define.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "./runtime-value.ts";
import { finishSteps, isSteps, type Steps } from "./steps.ts";
import { joinTypes } from "./subgraph-types.ts";

export interface EvaluateOptions {
  readonly outputCount?: number;
  readonly run?: EvalContext["run"];
  /** What the graph says of the inputs: an empty sequence does not tell what it could hold. */
  readonly declared?: readonly (ValueType | undefined)[];
}

/** Throws the schema's errors (arity, dtype, attribute, shape) before any kernel runs. */
export function evaluateOp(
  definition: OpDefinition,
  inputs: readonly (RuntimeValue | undefined)[],
  attributes: Attributes,
  options: EvaluateOptions = {},
): readonly RuntimeValue[] {
  const started = startOp(definition, inputs, attributes, options);
  return isSteps(started) ? finishSteps(started) : started;
}

/** As `evaluateOp`, but an operator that runs sub-graphs is only begun: its steps are the caller's to take. */
export function startOp(
  definition: OpDefinition,
  inputs: readonly (RuntimeValue | undefined)[],
  attributes: Attributes,
  options: EvaluateOptions = {},
): readonly RuntimeValue[] | Steps<readonly RuntimeValue[]> {
  const types = inputs.map((v, i) => (v === undefined ? undefined : runtimeType(v, options.declared?.[i])));
  checkInputs(definition, types);
  const resolved = resolveAttributes(definition, attributes);
  const storageAt = (i: number) => (inputs[i] instanceof Storage ? inputs[i] : undefined);
  const context: InferContext = {
    op: definition.opType,
    inputs: types,
    attributes: resolved,
    outputCount: options.outputCount ?? requiredCount(definition.outputs),
    constant: storageAt,
    dims: (i) => {
      const storage = storageAt(i);
      return storage && dimsOfStorage(storage);
    },
  };
  const outputs = definition.infer(context);
  if (!definition.views) for (const type of outputs) requireRoomFor(type);
  const evaluation: EvalContext = {
    outputs,
    shape: (i) => concreteShape(definition, outputs[i], types),
    dtype: (i) => {
      const type = outputs[i];
      if (type?.kind !== "tensor") throw new TypeError(`${definition.name}: output ${i} is not a tensor`);
      return type.dtype;
    },
    run:
      options.run ??
      ((body: Graph) => {
        throw ingotError("InvalidGraph", {
          problem: `${definition.name} has the sub-graph ${body.name} but is evaluated outside a graph`,
          where: "",
          hint: "Run it inside a graph.",
        });
      }),
  };
  try {
    const result = definition.evaluate(inputs, resolved, evaluation);
    return isSteps(result) ? guarded(result, definition, outputs) : result;
  } catch (cause) {
    throw tooLarge(cause, definition, outputs);
  }
}

function* guarded<T>(steps: Steps<T>, definition: OpDefinition, outputs: readonly ValueType[]): Steps<T> {
  try {
    return yield* steps;
  } catch (cause) {
    throw tooLarge(cause, definition, outputs);
  }
}

/** `ResultTooLarge` for what the JavaScript engine throws where memory cannot be had; anything else as it is. */
function tooLarge(cause: unknown, { opType }: OpDefinition, outputs: readonly ValueType[]): unknown {
  if (!(cause instanceof RangeError && /^(Invalid (typed )?array|Array buffer allocation)/.test(cause.message))) return cause;
  return ingotError("ResultTooLarge", { op: opType, outputs: outputs.map(formatType).join(", ") }, { cause });
}

/**
 * What an operator gives must fit into memory before its kernel begins: kernels compute in float64 and lists of places, which are larger than
 * what comes out. Throws `TensorTooLarge`.
 */
function requireRoomFor(type: ValueType): void {
  if (type.kind !== "tensor" || !type.shape?.every((d) => typeof d === "number")) return;
  requireRoom(type.dtype, elementCount(type.shape), dtypeInfo(type.dtype).bytes);
}

/** The concrete type of a value; that of an empty sequence is what was declared, or one of float32. */
export function runtimeType(value: RuntimeValue, declared?: ValueType): ValueType {
  if (value instanceof Storage) return tensorType(value.dtype, value.shape);
  if (value instanceof OptionalValue) return { kind: "optional", element: value.elementType };
  if (value instanceof MapValue) return value.type;
  if (value.length === 0) return declared?.kind === "sequence" ? declared : { kind: "sequence", element: tensorType("float32") };
  const element = value.map((v) => runtimeType(v)).reduce((a, b, i) => joinTypes("a sequence", `value ${i}`, a, b));
  return { kind: "sequence", element };
}

/** Where sizes, axes or counts are no lists of integers (a matrix, say), no shape follows from them. Throws `ResultShapeUnknown`. */
function concreteShape({ opType }: OpDefinition, type: ValueType | undefined, inputs: readonly (ValueType | undefined)[]): number[] {
  if (type?.kind === "tensor" && type.shape?.every((d) => typeof d === "number")) return type.shape as number[];
  const given = inputs.map((t) => (t ? formatType(t) : "none")).join(", ");
  throw ingotError("ResultShapeUnknown", { op: opType, inputs: given });
}
