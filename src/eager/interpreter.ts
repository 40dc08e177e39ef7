// The interpreter stack and dispatch: every public function on tensors ends here. The innermost interpreter decides what an operation
// means: run it (eager), run and record it (trace), or propagate types only. A new front end is a new interpreter.
import { type CodeFrame, ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { formalAt } from "../ir/infer-node.ts";
import type { Attributes } from "../ir/schema.ts";
import type { OpDefinition } from "../ops/define.ts";
import { type OpName, registry } from "../ops/registry.ts";
import type { Storage } from "../tensor/storage.ts";
import { requireTensor } from "./operand.ts";
import type { Tensor } from "./tensor.ts";

/** An input of an operation: a tensor, or `undefined` for an optional input that is left out. */
export type Operand = Tensor | undefined;

export interface Interpreter {
  /** Performs one operation; gives `outputCount` tensors. Inputs have not been checked yet. */
  apply(op: OpDefinition, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[];
  /** Performs a whole graph: one tensor per graph input, one given back per output. */
  applyGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[];
  /** A tensor with these elements, written into the program as a literal. */
  constant(storage: Storage): Tensor;
  /** The elements of a tensor leave the world of tensors (`item`, `toArray`, `data`): `how` names the method. */
  read(tensor: Tensor, how: string): Storage;
  /** Something draws from the global, unseeded random generator. */
  drawUnseeded(what: string): void;
  /** The line of the user's code that runs now, for errors; undefined where the error's own stack trace tells it. */
  place(): CodeFrame | undefined;
}

const stack: Interpreter[] = [];
let eager: Interpreter | undefined;

/** Installs the interpreter at the bottom of the stack; called once, by tensor.ts. */
export function installEager(interpreter: Interpreter): void {
  eager = interpreter;
}

/** The innermost interpreter. */
export function currentInterpreter(): Interpreter {
  return stack[stack.length - 1] ?? (eager as Interpreter);
}

/** The eager interpreter, whatever is on the stack. */
export function eagerInterpreter(): Interpreter {
  return eager as Interpreter;
}

/** Runs synchronous `body` with `interpreter` innermost; the stack is restored also when it throws. */
export function withInterpreter<T>(interpreter: Interpreter, body: () => T): T {
  stack.push(interpreter);
  try {
    return body();
  } finally {
    stack.pop();
  }
}

/**
 * Performs an operator with several outputs.
 * @example const [values, indices] = dispatchAll("TopK", [x, k], { axis: -1 }, 2);
 */
export function dispatchAll(op: OpName, inputs: readonly Operand[], attributes: Attributes = {}, outputCount = 1): Tensor[] {
  return dispatchNamed(op, inputs, attributes, outputCount);
}

/**
 * Performs an operator with one output.
 * @example dispatch("Relu", [x])
 */
export function dispatch(op: OpName, inputs: readonly Operand[], attributes: Attributes = {}): Tensor {
  return dispatchNamed(op, inputs, attributes, 1)[0] as Tensor;
}

/** Like `dispatchAll` for a name that is data, such as a user's own operator. Throws `UnknownOperator`, and `InvalidArgument` for no tensor. */
export function dispatchNamed(op: string, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[] {
  const definition = registry.get(op);
  if (!definition) {
    const dot = op.lastIndexOf(".");
    throw ingotError("UnknownOperator", { op: op.slice(dot + 1), domain: dot < 0 ? "" : op.slice(0, dot), where: "" });
  }
  inputs.forEach((x, i) => {
    if (x !== undefined) requireTensor(definition.opType, formalAt(definition.inputs, i)?.name ?? `input ${i}`, x);
  });
  return currentInterpreter().apply(definition, inputs, attributes, outputCount);
}
