// Evaluates one operator on concrete values: checks the schema, infers the outputs, runs the kernel. The single way in to kernels,
// for eager dispatch, the graph loop and constant folding.
import { ingotError } from "../errors/error.ts";
import { dimsOfStorage, type Graph } from "../ir/graph.ts";
import { checkInputs, requiredCount, resolveAttributes } from "../ir/infer-node.ts";
import type { Attributes, InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";
import type { EvalContext, OpDefinition, RuntimeValue } from "./define.ts";

export interface EvaluateOptions {
  readonly outputCount?: number;
  readonly run?: EvalContext["run"];
}

/** Throws the schema's errors (arity, dtype, attribute, shape) before any kernel runs. */
export function evaluateOp(
  definition: OpDefinition,
  inputs: readonly (RuntimeValue | undefined)[],
  attributes: Attributes,
  options: EvaluateOptions = {},
): readonly RuntimeValue[] {
  const types = inputs.map((v) => (v === undefined ? undefined : runtimeType(v)));
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
  return definition.evaluate(inputs, resolved, {
    outputs,
    shape: (i) => concreteShape(definition.name, outputs[i]),
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
  });
}

/** The concrete type of a value. */
export function runtimeType(value: RuntimeValue): ValueType {
  if (value instanceof Storage) return tensorType(value.dtype, value.shape);
  const first = value[0];
  return { kind: "sequence", element: first === undefined ? tensorType("float32") : runtimeType(first) };
}

function concreteShape(op: string, type: ValueType | undefined): number[] {
  if (type?.kind !== "tensor" || !type.shape?.every((d) => typeof d === "number"))
    throw new TypeError(`${op}: its inference gave no concrete shape for concrete inputs; the kernel must compute it`);
  return type.shape as number[];
}
